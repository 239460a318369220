//! A list and its outbox in memory.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{
    Conversation, ConversationId, Outbox, Outcome, PassId, Progress, Timestamp, overlay,
};

use super::ScriptedWriter;
use crate::SendView;

/// A list and its outbox in memory, in place of a store.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MemoryView {
    /// The outbox.
    pub outbox: Outbox,
    /// The rows as the cloud said them last.
    pub rows: BTreeMap<ConversationId, Arc<Conversation>>,
    /// The wall time.
    pub wall_time: Option<Timestamp>,
    /// The newest pass.
    pub newest_pass: Option<PassId>,
    /// True if the rows are a part of the cloud's list only.
    pub is_cut: bool,
    /// The outcomes of mutations.
    pub outcomes: Vec<Outcome>,
}

impl MemoryView {
    /// Takes over the rows of a cloud, as a pass does.
    pub fn read(&mut self, cloud: &ScriptedWriter) {
        self.rows = cloud.rows().into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect();
    }

    /// Takes over progress, as a store does: values that no pass will show go into the rows.
    pub fn store(&mut self, progress: &[(u64, Progress)]) {
        for (number, progress) in progress {
            let done = self.outbox.progress(*number, progress.clone());
            self.outcomes.extend(done.outcomes);
            let Some(settled) = &done.settled else { continue };
            let Some(row) = settled.conversation_id().and_then(|id| self.rows.get_mut(id)) else {
                continue;
            };
            if let Some(shown) = overlay(row, [settled]) {
                *row = shown.into();
            }
        }
    }

    /// Returns a row as it is shown.
    pub fn shown(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.outbox.shown(self.rows.get(id)?)
    }
}

impl SendView for MemoryView {
    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn base(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.rows.get(id).cloned()
    }

    fn has_all_rows(&self) -> bool {
        !self.is_cut
    }

    fn has_members(&self, group: &str) -> bool {
        self.rows.values().any(|row| row.listing.groups.iter().any(|name| **name == *group))
    }

    fn wall_time(&self) -> Option<Timestamp> {
        self.wall_time
    }

    fn newest_pass(&self) -> Option<PassId> {
        self.newest_pass
    }
}
