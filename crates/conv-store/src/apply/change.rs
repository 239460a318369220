//! Computes the effect of a change on a state: a function without side effects, so that it can run
//! again after a conflict.

use std::{
    collections::{BTreeSet, HashSet},
    mem,
    sync::Arc,
};

use conv_model::{
    Commit, Conversation, ConversationId, ConversationType, Delta, ErrorClass, FailedFacet,
    GroupNames, ListLimit, Local, OutboxChange, PassId, Prune, Refused, Seq, SkippedRow,
    Superseded, SyncState, SyncStep, Timestamp,
};

use super::{
    outbox,
    suggesting::{Covering, Suggested},
    transaction::{Applied, Transaction},
};
use crate::{
    Record, StoreError, Write,
    list::{
        epoch::random,
        placed::Placed,
        state::{LocalEntry, State, settled_coverage},
        suggestions::Suggestions,
    },
    record::{LocalRecord, StateRecord, encode_row, is_same_on_disk},
};

/// A change of an account.
#[derive(Debug)]
pub(super) enum Change {
    /// Of what the cloud knows.
    Cloud(Box<Delta>),
    /// Of what only this store knows.
    Local(ConversationId, Local),
    /// Of what the user changes in the cloud.
    Outbox(OutboxChange),
    /// Of the list's identity, if it has none.
    Epoch,
    /// Of what events state, which is not stored.
    Suggestion(Suggested),
}

/// The rows' records that a change makes for the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Every row is encoded.
    Full,
    /// The engine keeps nothing: a row is only checked to fit into a record, so that every store
    /// rejects the same input.
    Skipped,
}

/// The next state, as its differences to the one before.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) commit: Arc<Commit>,
    /// The writes that store it, in order; none if nothing stored changes.
    writes: Vec<Write>,
    next: Next,
}

/// The effect of a change on the state.
#[derive(Debug)]
enum Next {
    /// It gets other rows.
    Rows { rows: Vec<Placed>, removed: Vec<ConversationId>, suggestions: Suggestions },
    /// It gets another local state, and a row with that.
    Local(LocalEntry, Option<Placed>),
    /// It is replaced by a copy on which the change ran.
    State(Box<State>),
    /// It stays.
    Same,
}

impl Effect {
    /// Builds the effect of a change that ran on a copy of the state.
    pub(super) fn of_state(next: State, commit: Commit, writes: Vec<Write>) -> Self {
        Self { commit: Arc::new(commit), writes, next: Next::State(Box::new(next)) }
    }

    /// Makes a state the next one and returns the writes that store it.
    pub(super) fn apply(self, state: &mut State) -> Vec<Write> {
        if self.commit.seq == state.seq {
            // There is nothing to show, so there is nothing to store either.
            return Vec::new();
        }
        match self.next {
            Next::Rows { rows, removed, suggestions } => {
                state.suggestions = suggestions;
                if !self.writes.is_empty() {
                    state.garbage = Arc::default();
                    state.redacted = Arc::default();
                }
                removed.iter().for_each(|id| state.remove_row(id));
                rows.into_iter().for_each(|row| state.place(row));
            }
            Next::Local(entry, row) => {
                row.into_iter().for_each(|row| state.place(row));
                state.set_local(entry);
            }
            Next::State(next) => *state = *next,
            Next::Same => {}
        }
        state.written = self.commit.written;
        state.commit(self.commit);
        self.writes
    }
}

impl Change {
    /// Returns what the change makes of a state, which stays as it is.
    pub(super) fn resolve(&self, state: &State, encoding: Encoding) -> Result<Effect, StoreError> {
        match self {
            Self::Cloud(delta) => cloud(state, delta, encoding),
            Self::Local(id, newer) => local(state, id, newer),
            Self::Outbox(change) => outbox::resolve(state, change, encoding),
            Self::Epoch => epoch(state),
            Self::Suggestion(suggested) => suggested.resolve(state),
        }
    }

    /// Returns true if the change writes local records alone, or nothing.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Cloud(_) | Self::Epoch => false,
            Self::Local(..) | Self::Suggestion(_) => true,
            Self::Outbox(change) => !outbox::may_write_rows(change),
        }
    }

    /// Returns true if the change writes rows first, then local records: the second write must not
    /// be stored without the first.
    pub(super) fn is_of_two_steps(&self) -> bool {
        matches!(self, Self::Outbox(change) if outbox::may_write_rows(change))
    }
}

fn cloud(state: &State, delta: &Delta, encoding: Encoding) -> Result<Effect, StoreError> {
    admit(&state.sync, delta)?;
    let covering = Covering::of(state, delta);
    let state = covering.state();
    let seq = state.next_seq();
    let mut transaction = Transaction::new(state, delta);
    for patch in &delta.listed {
        transaction.list(patch);
    }
    for patch in &delta.updates {
        transaction.update(patch);
    }
    for id in &delta.removed {
        transaction.delete(id);
    }
    let unconfirmed = prune(&mut transaction, &state.sync, delta);
    if let Some((now, retention)) = retention_at(delta) {
        transaction.take_expired_messages(now, retention);
    }
    let needs_profile = needs_profile(&transaction, delta);
    let before = sync_before(&state.sync, delta, transaction.is_overtaken);
    let mut applied = transaction.finish(seq, encoding)?;
    let has_rows = applied.len_after(state.base_len()) > 0;
    let mut sync = sync_after(&before, delta, seq, has_rows);
    note(&mut sync, delta, unconfirmed, &applied.refused);
    if !applied.is_empty() || !is_same_on_disk(&sync, &state.sync) {
        ensure_epoch(&mut sync);
    }

    let is_milestone = matches!(
        delta.step,
        Some(SyncStep::Begin { .. } | SyncStep::Finish { .. } | SyncStep::Fail { .. })
    );
    let write = write(state, seq, &mut applied, &sync)?;
    // Afterwards: these rows show something else, and are stored as they are.
    covering.show(&mut applied);
    let publishes = is_milestone || !applied.is_empty() || !Arc::ptr_eq(&sync, &state.sync);
    let mut commit = Commit::new(if publishes { seq } else { state.seq }, sync);
    commit.changes = applied.changes;
    commit.needs_profile = needs_profile;
    commit.refused = applied.refused;
    commit.written = write.as_ref().map_or(state.written, |write| write.seq);
    let (rows, removed) = (applied.rows, applied.removed);
    let next = Next::Rows { rows, removed, suggestions: covering.suggestions() };
    Ok(Effect { commit: Arc::new(commit), writes: Vec::from_iter(write), next })
}

/// Removes rows by the change's rule. Returns those that stay although no listing confirmed them.
fn prune(
    transaction: &mut Transaction<'_>,
    sync: &SyncState,
    delta: &Delta,
) -> Vec<ConversationId> {
    match &delta.prune {
        Some(Prune::Unlisted { keep }) => transaction.remove_unlisted(keep),
        Some(Prune::Unconfirmed { keep }) => return transaction.unlisted(keep),
        Some(Prune::Gone { ids }) => transaction.remove_gone(ids),
        Some(Prune::Expired { now, retention }) => {
            if let Some(after) = last_head_read(sync, delta) {
                transaction.remove_expired(after, *now, *retention);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Returns the cloud's time and its retention of messages in seconds, if the change knows both.
fn retention_at(delta: &Delta) -> Option<(Timestamp, u64)> {
    match (&delta.prune, &delta.step) {
        (Some(Prune::Expired { now, retention }), _) => Some((*now, *retention)),
        (_, Some(SyncStep::Finish { finished, .. })) => {
            let retention = finished.limit.iter().find_map(|limit| match limit {
                ListLimit::Retention(seconds) => Some(*seconds),
                _ => None,
            });
            finished.as_of.zip(retention)
        }
        _ => None,
    }
}

/// Notes in a pass's state the rows that it left in place, and those that were too large.
fn note(
    sync: &mut Arc<SyncState>,
    delta: &Delta,
    unconfirmed: Vec<ConversationId>,
    refused: &[Refused],
) {
    if delta.pass.is_none() || (unconfirmed.is_empty() && refused.is_empty()) {
        return;
    }
    let sync = Arc::make_mut(sync);
    if !unconfirmed.is_empty() {
        sync.unconfirmed = unconfirmed;
    }
    for Refused { id, facet, .. } in refused {
        match facet {
            Some(facet) => {
                let class = ErrorClass::InvalidArgument;
                let failed = FailedFacet::new(id.clone(), *facet, class, 0);
                // The pass lists its rows several times.
                if !sync.failed.contains(&failed) {
                    sync.failed.push(failed);
                }
            }
            None => sync.skip(&[SkippedRow::new(Some(id.clone()), "row is too large to store")]),
        }
    }
}

/// Refuses a change of a pass that is not the newest. A step without a pass cannot be the newest.
fn admit(sync: &SyncState, delta: &Delta) -> Result<(), Superseded> {
    match delta.pass {
        Some(PassId::NONE) => Err(Superseded { newest: sync.pass }),
        Some(pass) => sync.admit(pass, delta.step.as_ref()),
        None if delta.step.is_some() => Err(Superseded { newest: sync.pass }),
        None => Ok(()),
    }
}

/// Returns the cloud's time of the last finished pass, this change included.
fn last_head_read(sync: &SyncState, delta: &Delta) -> Option<Timestamp> {
    match &delta.step {
        Some(SyncStep::Finish { finished, .. }) => finished.as_of,
        _ => sync.finished.as_ref().and_then(|finished| finished.as_of),
    }
}

/// Returns the state that a pass's step is to begin from: it notes that rows were left as they are.
fn sync_before(sync: &Arc<SyncState>, delta: &Delta, is_overtaken: bool) -> Arc<SyncState> {
    let mut before = Arc::clone(sync);
    if is_overtaken && delta.pass.is_some() && !before.is_overtaken {
        Arc::make_mut(&mut before).is_overtaken = true;
    }
    before
}

/// Returns the sync state after a change: the same pointer if it stays the same.
fn sync_after(sync: &Arc<SyncState>, delta: &Delta, seq: Seq, has_rows: bool) -> Arc<SyncState> {
    let mut next = match (delta.pass, &delta.step) {
        (Some(pass), Some(step)) => Arc::new(sync.after(pass, step, seq, has_rows)),
        _ => Arc::clone(sync),
    };
    if let Some(groups) = delta.groups.as_ref().filter(|groups| **groups != next.groups) {
        Arc::make_mut(&mut next).groups.clone_from(groups);
    }
    if let Some(unnamed) = &delta.unnamed {
        Arc::make_mut(&mut next).groups.unnamed.clone_from(unnamed);
    }
    let coverage = settled_coverage(&next, has_rows);
    if coverage != next.coverage {
        Arc::make_mut(&mut next).coverage = coverage;
    }
    if next == *sync { Arc::clone(sync) } else { next }
}

/// Returns the listed rows whose profile is unknown or too old, in their order. The system
/// conversation has no profile.
fn needs_profile(transaction: &Transaction<'_>, delta: &Delta) -> Vec<ConversationId> {
    let mut seen = BTreeSet::new();
    let ids = delta.listed.iter().map(|patch| &patch.id);
    let wants = |id: &&ConversationId| {
        id.conversation_type() != ConversationType::System
            && transaction.row(id).is_some_and(|row| delta.profiles.is_due(&row.profile))
    };
    ids.filter(wants).filter(|id| seen.insert(*id)).cloned().collect()
}

/// Returns the write of a change of what the cloud knows; `None` if nothing stored changes.
fn write(
    state: &State,
    seq: Seq,
    applied: &mut Applied,
    sync: &Arc<SyncState>,
) -> Result<Option<Write>, StoreError> {
    let is_same_sync = Arc::ptr_eq(sync, &state.sync) || is_same_on_disk(sync, &state.sync);
    if applied.is_empty() && is_same_sync {
        return Ok(None);
    }
    let mut write = Write::new(state.written, seq);
    write.put = mem::take(&mut applied.put);
    write.delete = applied.removed.iter().cloned().map(Record::Row).collect();
    let is_put = |record: &Record| write.put.iter().any(|(put, _)| put == record);
    let garbage: Vec<Record> =
        state.garbage.iter().filter(|record| !is_put(record)).cloned().collect();
    write.delete.extend(garbage);
    rewrite_redacted(state, &mut write)?;
    // A record that is gone no longer carries the number of its going.
    if !is_same_sync || !write.delete.is_empty() {
        write.delete.retain(|record| *record != Record::State);
        write.put.push((Record::State, encode_state(sync, state.term, seq)?));
    }
    Ok(Some(write))
}

/// Adds the rows whose stored records still hold the content of a recalled message, unless the write
/// sets or deletes them.
fn rewrite_redacted(state: &State, write: &mut Write) -> Result<(), StoreError> {
    if state.redacted.is_empty() {
        return Ok(());
    }
    let put = write.put.iter().map(|(record, _)| record);
    let touched: HashSet<Record> = put.chain(&write.delete).cloned().collect();
    for id in state.redacted.iter() {
        let record = Record::Row(id.clone());
        let row = state.base_row(id).filter(|_| !touched.contains(&record));
        let Some(row) = row else { continue };
        match encode_row(row.base(), row.stamps(), write.seq) {
            Ok(bytes) => write.put.push((record, bytes)),
            // A newer record is some bytes longer. A change of other rows must not fail by that.
            Err(StoreError::TooLarge { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Encodes the sync state. Group names, the checkpoint and the source's position only save calls: a state that is too large
/// is stored without them, so that no pass fails because of them.
pub(super) fn encode_state(sync: &SyncState, term: u64, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
    let mut record = StateRecord::new(sync);
    record.sync.epoch = sync.epoch.map(|epoch| epoch ^ term);
    match record.encode(seq) {
        Err(StoreError::TooLarge { .. }) => {
            record.sync.groups = GroupNames::default();
            record.sync.checkpoint = None;
            record.sync.upstream = None;
            record.encode(seq)
        }
        encoded => encoded,
    }
}

/// Gives a list an epoch if it has none: in the write that first makes the record of its state, and in
/// the first one after acknowledged writes were lost.
pub(super) fn ensure_epoch(sync: &mut Arc<SyncState>) {
    if sync.epoch.is_none() {
        Arc::make_mut(sync).epoch = Some(random());
    }
}

fn epoch(state: &State) -> Result<Effect, StoreError> {
    let mut sync = Arc::clone(&state.sync);
    ensure_epoch(&mut sync);
    if Arc::ptr_eq(&sync, &state.sync) {
        let mut commit = Commit::new(state.seq, sync);
        commit.written = state.written;
        return Ok(Effect { commit: Arc::new(commit), writes: Vec::new(), next: Next::Same });
    }
    let seq = state.next_seq();
    let mut write = Write::new(state.written, seq);
    write.put.push((Record::State, encode_state(&sync, state.term, seq)?));
    let commit = Arc::new(Commit::new(seq, sync));
    Ok(Effect { commit, writes: vec![write], next: Next::Same })
}

fn local(state: &State, id: &ConversationId, newer: &Local) -> Result<Effect, StoreError> {
    let before = state.local(id).cloned().unwrap_or_default();
    let after = before.clone().merged(newer);
    let publishes = before != after;
    let seq = state.next_seq();
    let mut commit = Commit::new(if publishes { seq } else { state.seq }, Arc::clone(&state.sync));
    commit.written = if publishes { seq } else { state.written };
    if !publishes {
        return Ok(Effect { commit: Arc::new(commit), writes: Vec::new(), next: Next::Same });
    }
    let mut write = Write::new(state.written, seq);
    let record = LocalRecord::new(after.clone()).encode(seq)?;
    write.put.push((Record::Local(id.clone()), record));
    let row = state.base_row(id).map(|old| {
        let mut base = Conversation::clone(old.base());
        base.local.clone_from(&after);
        Placed::of(base.into(), old.stamps(), Some(old), state.overlays())
    });
    commit.changes.extend(row.as_ref().and_then(|row| row.change_after(state.rows.get(id))));
    let next = Next::Local(LocalEntry { id: id.clone(), local: after, write: seq }, row);
    Ok(Effect { commit: Arc::new(commit), writes: vec![write], next })
}
