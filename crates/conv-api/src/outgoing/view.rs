//! A snapshot as a sender sees it.

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, Outbox, PassId, Timestamp};
use conv_store::Snapshot;
use conv_sync::SendView;

/// A snapshot as a sender sees it, and the date.
#[derive(Debug)]
pub(crate) struct StoreView(pub(crate) Snapshot, pub(crate) Option<Timestamp>);

impl SendView for StoreView {
    fn outbox(&self) -> &Outbox {
        self.0.outbox()
    }

    fn base(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.0.base(id)
    }

    fn has_all_rows(&self) -> bool {
        let report = self.0.sync().report();
        report.is_sync_completed() && report.limit.is_empty()
    }

    fn has_members(&self, group: &str) -> bool {
        let hidden = self.0.outbox().pending();
        let hidden = hidden.filter_map(|pending| pending.mutation.conversation_id().cloned());
        let mut ids = self.0.rows().map(|row| row.id.clone()).chain(hidden);
        ids.any(|id| {
            let base = self.0.base(&id);
            base.is_some_and(|row| row.listing.groups.iter().any(|name| **name == *group))
        })
    }

    fn wall_time(&self) -> Option<Timestamp> {
        self.1
    }

    fn newest_pass(&self) -> Option<PassId> {
        Some(self.0.sync().pass)
    }
}
