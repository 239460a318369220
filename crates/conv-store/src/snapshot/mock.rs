//! Snapshots that no store made: for mocks and measurements.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{Conversation, ConversationId, Local, Seq, SyncState};

use super::Snapshot;
use crate::{
    list::{
        index::Index,
        log::Log,
        row::Row,
        state::{LocalEntry, State},
        tree::Tree,
    },
    record::Stamps,
};

/// For mocks and measurements, with the feature `testing`. These snapshots have no history.
impl Snapshot {
    /// Returns a snapshot of these rows. Of rows with the same ID the last one counts; their local
    /// state is what [`local`](Self::local) answers.
    pub fn of(rows: impl IntoIterator<Item = Conversation>, sync: SyncState) -> Self {
        let rows: BTreeMap<ConversationId, Conversation> =
            rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let known = rows.values().filter(|row| row.local != Local::default());
        let locals = known
            .map(|row| LocalEntry {
                id: row.id.clone(),
                local: row.local.clone(),
                write: Seq::ZERO,
            })
            .collect();
        let rows = rows.into_values().map(|row| Row::new(row, Stamps::default(), None));
        Self::new(State {
            sync: Arc::new(sync),
            rows: Index::from_rows(rows),
            locals: Tree::from_sorted(locals),
            ..State::default()
        })
    }

    /// Returns the same list under another number, as if that were also the number of its last stored
    /// write.
    #[must_use]
    pub fn at(&self, seq: Seq) -> Self {
        Self::new(State {
            seq,
            written: seq,
            log: Log::new(seq, seq, self.sync().epoch),
            ..State::clone(&self.0)
        })
    }

    /// Returns the next list, in which these rows are set.
    #[must_use]
    pub fn with_rows(&self, rows: impl IntoIterator<Item = Arc<Conversation>>) -> Self {
        let mut next = self.clone();
        next.set_rows(rows);
        next
    }

    /// Makes this the next list, in which these rows are set. Copies of it stay as they are: nodes
    /// that it shares with them are copied, the others are changed in place.
    pub fn set_rows(&mut self, rows: impl IntoIterator<Item = Arc<Conversation>>) {
        let state = Arc::make_mut(&mut self.0);
        state.seq = state.seq.next();
        state.log.restart(state.seq);
        for row in rows {
            let id = row.id.clone();
            state.rows.change(&id, |before| Row::new(row, Stamps::default(), before));
        }
    }
}
