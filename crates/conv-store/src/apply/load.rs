//! From an engine's records to a state.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    Conversation, ConversationId, Local, Outbox, Pending, PendingState, Seq, Slot, SyncState,
};
use tokio::task;

use crate::{
    Engine, Loaded, Record, Recovery, StoreError,
    list::{
        index::Index,
        log::Log,
        names::Names,
        overlaid::Overlaid,
        placed::{HiddenRow, Placed},
        state::{LocalEntry, State},
        suggestions::Suggestions,
        tree::Tree,
    },
    record::{
        self, DecodedRow, LocalRecord, OutboxRecord, PendingRecord, Stamps, StateRecord, decode_row,
    },
};

/// The most records that are decoded in place, without another thread.
const FEW: usize = 128;

/// Loads an engine's records as the state of a store that was just opened.
pub(super) async fn load(engine: &dyn Engine) -> Result<(State, Recovery), StoreError> {
    let opened = |decoded: Decoded| {
        let recovery = decoded.recovery.clone();
        (decoded.opened(), recovery)
    };
    decoded(engine, opened).await
}

/// Loads an engine's records and makes something of them. Decoding ten thousand takes milliseconds,
/// too long for a thread that drives other tasks.
pub(super) async fn decoded<T: Send + 'static>(
    engine: &dyn Engine,
    make: impl FnOnce(Decoded) -> T + Send + 'static,
) -> Result<T, StoreError> {
    let loaded = engine.load().await?;
    let is_short = loaded.records.len() <= FEW;
    let work = move || Decoded::of(loaded).map(make);
    if is_short {
        return work();
    }
    task::spawn_blocking(work).await.map_err(StoreError::engine)?
}

/// Records, read. Rows and local states are in order of their IDs, each once.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) seq: Seq,
    pub(super) sync: SyncState,
    pub(super) rows: Vec<(Arc<Conversation>, Stamps)>,
    pub(super) locals: Vec<LocalEntry>,
    pub(super) garbage: Vec<Record>,
    pub(super) redacted: Vec<ConversationId>,
    /// The pending mutations, and the greatest number that was ever given.
    pub(super) pending: Vec<Pending>,
    pub(super) last_number: u64,
    pub(super) lost: bool,
    pub(super) term: u64,
    /// The writes that may have changed rows, as far as their own records do not say it.
    pub(super) overlaid: Overlaid,
    names: Names,
    recovery: Recovery,
    /// Set once a row came out of order.
    is_shuffled: bool,
}

/// Sorts by ID and removes duplicates; the records of engines on disk are sorted already.
fn sort_by_id<T>(items: &mut Vec<T>, id: impl Fn(&T) -> &ConversationId) {
    if !items.is_sorted_by(|a, b| id(a) < id(b)) {
        items.sort_unstable_by(|a, b| id(a).cmp(id(b)));
        items.dedup_by(|a, b| id(a) == id(b));
    }
}

impl Decoded {
    fn of(loaded: Loaded) -> Result<Self, StoreError> {
        let (seq, lost, term) = (loaded.seq, loaded.lost, loaded.term);
        let mut decoded = Self { seq, lost, term, ..Self::default() };
        let kept_since = loaded.seq.as_u64().saturating_sub(Record::CLEARED_KEPT);
        decoded.overlaid.note_all(Seq::new(kept_since));
        decoded.recovery.lost_accounts = usize::from(loaded.lost);
        decoded.recovery.lost_rows = loaded.lost_rows;
        for (record, bytes) in loaded.records {
            match decoded.take(&record, &bytes) {
                Ok(()) => {}
                // A mutation that a later version wrote is skipped, and blocks no other.
                Err(error @ StoreError::NewerSchema { .. }) if !record.is_of_outbox() => {
                    return Err(error);
                }
                Err(_) => decoded.drop(record),
            }
        }
        sort_by_id(&mut decoded.locals, |entry| &entry.id);
        if decoded.is_shuffled {
            sort_by_id(&mut decoded.rows, |(row, _)| &row.id);
        }
        decoded.join();
        decoded.sync.epoch = decoded.sync.epoch.map(|epoch| epoch ^ term);
        if decoded.is_lossy() {
            // The rows may be others than the source had there.
            decoded.sync.upstream = None;
        }
        Ok(decoded)
    }

    fn take(&mut self, record: &Record, bytes: &[u8]) -> Result<(), StoreError> {
        match record {
            Record::State => self.sync = StateRecord::decode(bytes)?.sync,
            Record::Row(id) => {
                let DecodedRow { mut row, stamps, is_redacted } = decode_row(id, bytes)?;
                self.redacted.extend(is_redacted.then(|| id.clone()));
                self.names.share(&mut row.listing.groups);
                // Checked here, while both rows are in the cache.
                self.is_shuffled |= self.rows.last().is_some_and(|(last, _)| last.id >= row.id);
                self.rows.push((Arc::new(row), stamps));
            }
            Record::Local(id) => {
                // Earlier versions kept what was cleared as an empty text.
                let local = Local::default().merged(&LocalRecord::decode(bytes)?.local);
                let write = record::seq(bytes)?;
                match local.is_empty() {
                    true => self.overlaid.note(id, write),
                    false => self.locals.push(LocalEntry { id: id.clone(), local, write }),
                }
            }
            Record::Pending(slot) => {
                let pending = PendingRecord::decode(bytes)?.pending;
                if pending.iter().any(|one| one.mutation.slot() != *slot) {
                    return Err(StoreError::Corrupt {
                        what: "a mutation of another slot".to_owned(),
                    });
                }
                self.pending.extend(pending);
                match slot.conversation_id() {
                    Some(id) => self.overlaid.note(id, record::seq(bytes)?),
                    None => self.overlaid.note_all(record::seq(bytes)?),
                }
            }
            Record::Outbox => {
                self.last_number = OutboxRecord::decode(bytes)?.last_number;
                // It is written when mutations end, whose rows are not known any more.
                self.overlaid.note_all(record::seq(bytes)?);
            }
            Record::Other(_) if record.is_of_outbox() => {
                return Err(StoreError::Corrupt { what: "the key of a mutation".to_owned() });
            }
            Record::Other(_) => {}
        }
        Ok(())
    }

    /// Counts a record that does not decode and marks it for deletion. Local state and mutations are
    /// kept: they exist nowhere else, so their bytes are left for a repair by hand.
    fn drop(&mut self, record: Record) {
        match &record {
            Record::State => self.recovery.dropped_state = true,
            Record::Row(_) => {
                self.recovery.dropped_rows = self.recovery.dropped_rows.saturating_add(1);
            }
            Record::Local(_) => {
                self.recovery.dropped_locals = self.recovery.dropped_locals.saturating_add(1);
                return;
            }
            Record::Pending(_) | Record::Outbox | Record::Other(_) => {
                self.recovery.dropped_pending = self.recovery.dropped_pending.saturating_add(1);
                return;
            }
        }
        self.garbage.push(record);
    }

    /// Joins rows and their local state.
    fn join(&mut self) {
        let mut rows = self.rows.iter_mut().map(|(row, _)| row).peekable();
        for LocalEntry { id, local, .. } in &self.locals {
            while rows.next_if(|row| row.id < *id).is_some() {}
            if let Some(row) = rows.next_if(|row| row.id == *id) {
                Arc::make_mut(row).local.clone_from(local);
            }
        }
    }

    /// Returns true if acknowledged writes are gone: also if some of their records do not decode.
    fn is_lossy(&self) -> bool {
        self.lost || !self.recovery.is_clean()
    }

    /// Returns the slots whose mutations are restored as something else than is stored.
    fn interrupted(&self) -> BTreeSet<Slot> {
        let sending = self.pending.iter().filter(|one| one.state == PendingState::Sending);
        sending.map(|one| one.mutation.slot()).collect()
    }

    fn opened(mut self) -> State {
        if self.is_lossy() {
            self.sync.epoch = None;
        }
        let sync = self.sync.clone().reopened(!self.rows.is_empty());
        let unstored = Arc::new(self.interrupted());
        let outbox = Outbox::restore(self.pending, self.last_number);
        let (mut shown, mut hidden) = (Vec::with_capacity(self.rows.len()), Vec::new());
        for (row, stamps) in self.rows {
            match Placed::of(row, stamps, None, (&Suggestions::default(), &outbox)) {
                Placed::Shown(row) => shown.push(row),
                Placed::Hidden(row) => hidden.push(HiddenRow::new(row)),
            }
        }
        let epoch = sync.epoch;
        State {
            seq: self.seq,
            written: self.seq,
            sync: Arc::new(sync),
            rows: Index::from_rows(shown),
            hidden: Tree::from_sorted(hidden),
            locals: Tree::from_sorted(self.locals),
            outbox: Arc::new(outbox),
            log: Log::new(self.seq, self.seq, epoch),
            suggestions: Suggestions::default(),
            overlaid: self.overlaid,
            unstored,
            term: self.term,
            garbage: self.garbage.into(),
            redacted: self.redacted.into(),
        }
    }
}
