//! The state of an account at one instant.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use conv_model::{Commit, ConversationId, Coverage, Local, Outbox, Position, Seq, Slot, SyncState};

use crate::{
    Record,
    list::{
        index::Index,
        log::Log,
        overlaid::Overlaid,
        placed::HiddenRow,
        row::Row,
        suggestions::Suggestions,
        tree::{Entry, Tree},
    },
};

/// The state of an account at one instant. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) seq: Seq,
    /// The number of the engine's last write; changes of unstored state need none.
    pub(crate) written: Seq,
    pub(crate) sync: Arc<SyncState>,
    pub(crate) rows: Index,
    pub(crate) locals: Tree<LocalEntry>,
    /// Rows that pending deletions hide.
    pub(crate) hidden: Tree<HiddenRow>,
    /// The user's changes that the cloud has yet to show.
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) log: Log,
    /// The messages that events stated and no pass has read.
    pub(crate) suggestions: Suggestions,
    /// The rows that changed without their records.
    pub(crate) overlaid: Overlaid,
    /// Slots whose mutations are other than stored: their sending was interrupted by a restart.
    pub(crate) unstored: Arc<BTreeSet<Slot>>,
    /// The bits that the engine mixes into the epoch, see [`Loaded::term`](crate::Loaded::term).
    pub(crate) term: u64,
    /// Records that do not decode; they go with the next write.
    pub(crate) garbage: Arc<[Record]>,
    /// Rows whose records hold the content of a recalled message; they are written again with the
    /// next write.
    pub(crate) redacted: Arc<[ConversationId]>,
}

/// The local state of a conversation, whether or not there is a row of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LocalEntry {
    pub(crate) id: ConversationId,
    pub(crate) local: Local,
    /// The number of its write.
    pub(crate) write: Seq,
}

impl Entry for LocalEntry {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.id.clone()
    }

    fn compare(&self, key: &ConversationId) -> Ordering {
        self.id.cmp(key)
    }
}

impl State {
    pub(crate) fn local(&self, id: &ConversationId) -> Option<&Local> {
        self.locals.get(id).map(|entry| &entry.local)
    }

    /// Returns the number of the next change: after everything published, and after everything
    /// stored. Writes of others that cancel each other out move the second alone.
    pub(crate) fn next_seq(&self) -> Seq {
        self.seq.max(self.written).next()
    }

    /// Sets the local state of a conversation. State that was cleared is not kept.
    pub(crate) fn set_local(&mut self, entry: LocalEntry) {
        if entry.local.is_empty() {
            self.overlaid.note(&entry.id, entry.write);
            self.locals.remove(&entry.id);
        } else {
            self.locals.insert(entry);
        }
    }

    /// Lowers the coverage to a preview.
    pub(crate) fn show_preview(&mut self) {
        let mut sync = SyncState::clone(&self.sync);
        if sync.coverage <= Coverage::CacheOnly {
            return;
        }
        sync.coverage = Coverage::CacheOnly;
        sync.coverage = settled_coverage(&sync, self.base_len() > 0);
        let mut commit = Commit::new(self.next_seq(), Arc::new(sync));
        commit.written = self.written;
        self.commit(Arc::new(commit));
    }

    /// Returns the position of the list; `None` if no reader could go on from it.
    ///
    /// While rows show what events stated, the list is no function of what is stored. Its position is
    /// then that of a commit, in an epoch that this store alone knows.
    pub(crate) fn position(&self) -> Option<Position> {
        let stored = self.stored_position()?;
        match self.suggestions.epoch().filter(|_| self.suggestions.show_any()) {
            Some(epoch) => Some(Position::new(epoch, self.seq)),
            None => Some(stored),
        }
    }

    /// Returns the position of the list without what events stated.
    pub(crate) fn stored_position(&self) -> Option<Position> {
        let epoch = self.sync.epoch.filter(|_| self.unstored.is_empty())?;
        Some(Position::new(epoch, self.written))
    }

    /// Returns a number that is no less than that of the last stored write that changed a row.
    pub(crate) fn last_write(&self, row: &Row) -> Seq {
        let id = &row.listed().id;
        let local = self.locals.get(id).map(|entry| entry.write).unwrap_or_default();
        row.last_write().max(local).max(self.overlaid.last_change(id))
    }

    /// Takes over a commit's number and sync state, and logs it.
    pub(crate) fn commit(&mut self, commit: Arc<Commit>) {
        self.seq = commit.seq;
        self.sync = Arc::clone(&commit.sync);
        self.log.push(commit, self.suggestions.show_any());
    }
}

/// Returns the coverage that a sync state can claim: without a finished or running pass, only whether
/// there is something to show.
pub(crate) fn settled_coverage(sync: &SyncState, has_rows: bool) -> Coverage {
    match sync.coverage {
        Coverage::Empty | Coverage::CacheOnly if has_rows || sync.finished.is_some() => {
            Coverage::CacheOnly
        }
        Coverage::Empty | Coverage::CacheOnly => Coverage::Empty,
        said => said,
    }
}
