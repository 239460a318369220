//! The suite that a store or an engine has to pass. **No stable API.**
//!
//! A fixture says how to open a store; the macro makes one test of each case:
//!
//! ```
//! use conv_store::testing::{MemoryFixture, OverEngine};
//!
//! // In an integration test, one module for each kind of store:
//! mod memory {
//!     use super::*;
//!     conv_store::store_conformance!(OverEngine(MemoryFixture::default()));
//! }
//! # fn main() {}
//! ```
//!
//! [`engine_conformance!`](crate::engine_conformance) does the same for a bare engine, and
//! [`database_conformance!`](crate::database_conformance) for a database. A backend runs all three:
//! the engine's cases on itself, the store's on [`OverEngine`], the database's on its
//! [`EngineDatabase`](crate::EngineDatabase). The crate that runs them needs Tokio with `macros`, `rt`
//! and `time`.
//!
//! [`kill_conformance!`](crate::kill_conformance) kills a child process in the midst of its writes,
//! for those that keep something; [`engine::a_torn_tail_is_cut_off`] cuts a file that is appended
//! to, [`engine::a_loss_is_reported`] harms any. [`model`] has the reference model, for property tests of one's own.
//!
//! Cases return what they found amiss and never panic, so that each can be shown to fail on a
//! store that is broken in its one way.

pub mod database;
pub mod engine;
mod failure;
mod fixture;
pub mod kill;
pub mod model;
mod rows;
pub mod store;

pub use self::{
    failure::{Failure, TestResult},
    fixture::{
        DatabaseFixture, Dyn, DynEngine, EngineFixture, MemoryFixture, OverEngine, StoreFixture,
    },
};
