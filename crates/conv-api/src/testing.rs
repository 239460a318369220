//! The test helpers of every crate, in one place. No stable API.

pub mod server;

use std::sync::Arc;

use conv_model::Timestamp;
use conv_store::Snapshot;
use conv_sync::SendView;

pub use conv_model::testing as model;
pub use conv_store::testing as store;
pub use conv_sync::testing::{self as sync, ScriptedSource};

use crate::outgoing::view::StoreView;

/// Returns a snapshot as the sender of a list sees it at a date.
pub fn send_view(snapshot: Snapshot, date: Option<Timestamp>) -> Arc<dyn SendView> {
    Arc::new(StoreView(snapshot, date))
}
