//! The test helpers of every crate, in one place. No stable API.

pub mod server;

pub use conv_model::testing as model;
pub use conv_store::testing as store;
pub use conv_sync::testing::{self as sync, ScriptedSource};
