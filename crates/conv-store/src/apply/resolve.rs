//! What a change makes of a list: one function without any side effect, so that it can be done
//! again after a conflict.

mod draft;

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    Commit, ConversationId, ConversationType, Delta, ErrorClass, FailedFacet, GroupNames,
    ListLimit, Local, PassId, Prune, Refused, RowChange, Seq, SkippedRow, Superseded, SyncState,
    SyncStep, Timestamp,
};

use self::draft::{Draft, Outcome};
use super::{request::Change, view::View};
use crate::{
    Record, StoreError, Write,
    list::{
        row::Replacement,
        state::{LocalEntry, State, settled_coverage},
    },
    record::{LocalRecord, StateRecord, is_same_on_disk},
};

/// The next state, as what differs from the one before.
#[derive(Debug)]
pub(super) struct Resolved {
    commit: Arc<Commit>,
    /// What to store, if anything stored changes.
    write: Option<Write>,
    /// The number of that.
    written: Option<Seq>,
    publishes: bool,
    rows: Vec<Replacement>,
    local: Option<LocalEntry>,
    /// Commits that the log no longer keeps.
    forgotten: Vec<Arc<Commit>>,
}

impl Resolved {
    /// What is told of the change.
    pub(super) fn commit(&self) -> &Commit {
        &self.commit
    }

    /// Whether there is anything to show; else there is nothing to store either.
    pub(super) fn publishes(&self) -> bool {
        self.publishes
    }

    /// What is to be stored, once.
    pub(super) fn take_write(&mut self) -> Option<Write> {
        self.write.take()
    }

    /// The number of that.
    pub(super) fn written(&self) -> Option<Seq> {
        self.written
    }

    /// The rows that it sets or removes.
    pub(super) fn rows(&self) -> &[Replacement] {
        &self.rows
    }

    /// The local state that it sets.
    pub(super) fn local(&self) -> Option<&LocalEntry> {
        self.local.as_ref()
    }

    /// Makes a state the next one, once. What that replaces is kept, and goes with this: dropping
    /// it takes longer than the change.
    pub(super) fn apply(&mut self, state: &mut State) {
        if let Some(seq) = self.written {
            state.written = seq;
            if self.local.is_none() {
                state.garbage = Arc::default();
            }
        }
        for row in &mut self.rows {
            state.rows.replace(row.old.as_ref(), row.new.take());
        }
        if let Some(entry) = self.local.take() {
            state.set_local(entry);
        }
        self.forgotten = state.commit(Arc::clone(&self.commit));
    }
}

/// What a change makes of a state.
pub(super) fn resolve(view: &View<'_>, change: &Change) -> Result<Resolved, StoreError> {
    match change {
        Change::Cloud(delta) => cloud(view, delta),
        Change::Local(id, newer) => local(view, id, newer),
    }
}

fn cloud(view: &View<'_>, delta: &Delta) -> Result<Resolved, StoreError> {
    admit(&view.sync, delta)?;
    let seq = view.next_seq();
    let mut draft = Draft::new(view, delta);
    for patch in &delta.listed {
        draft.list(patch);
    }
    for patch in &delta.updates {
        draft.amend(patch);
    }
    for id in &delta.removed {
        draft.delete(id);
    }
    let unconfirmed = prune(&mut draft, &view.sync, delta);
    if let Some((now, retention)) = retention_at(delta) {
        draft.take_expired_messages(now, retention);
    }
    let wanting = wanting(&draft, delta);
    let mut rows = draft.finish(seq)?;
    let has_rows = rows.len_after(view.len) > 0;
    let mut sync = sync_after(&view.sync, delta, seq, has_rows);
    note(&mut sync, delta, unconfirmed, &rows.refused);

    let is_milestone = matches!(
        delta.step,
        Some(SyncStep::Begin { .. } | SyncStep::Finish { .. } | SyncStep::Fail { .. })
    );
    let publishes = is_milestone || !rows.changes.is_empty() || !Arc::ptr_eq(&sync, &view.sync);
    let write = write(view, seq, &mut rows, &sync)?;
    let mut commit = Commit::new(if publishes { seq } else { view.seq }, sync);
    commit.changes = rows.changes;
    commit.needs_profile = wanting;
    commit.refused = rows.refused;
    let written = write.as_ref().map(|write| write.seq);
    commit.written = written.unwrap_or(view.written);
    let commit = Arc::new(commit);
    let rows = rows.rows;
    Ok(Resolved { commit, write, written, publishes, rows, local: None, forgotten: Vec::new() })
}

/// Removes what the change says, by its rule. Gives the rows that stay although no listing confirmed
/// them.
fn prune(draft: &mut Draft<'_>, sync: &SyncState, delta: &Delta) -> Vec<ConversationId> {
    match &delta.prune {
        Some(Prune::Unlisted { keep }) => draft.remove_unlisted(keep),
        Some(Prune::Unconfirmed { keep }) => return draft.unlisted(keep),
        Some(Prune::Expired { now, retention }) => {
            if let Some(after) = last_head_read(sync, delta) {
                draft.remove_expired(after, *now, *retention);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// The cloud's time and how long it keeps a message, where the change knows both.
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

/// Says in a pass's state what it left in place, and what was too large to take in.
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

/// A step belongs to a pass; without one, nobody could say that it is still the newest.
fn admit(sync: &SyncState, delta: &Delta) -> Result<(), Superseded> {
    match delta.pass {
        Some(PassId::NONE) => Err(Superseded { newest: sync.pass }),
        Some(pass) => sync.admit(pass, delta.step.as_ref()),
        None if delta.step.is_some() => Err(Superseded { newest: sync.pass }),
        None => Ok(()),
    }
}

/// The cloud's time of the last finished pass, this change included; `None` if it is not known.
fn last_head_read(sync: &SyncState, delta: &Delta) -> Option<Timestamp> {
    match &delta.step {
        Some(SyncStep::Finish { finished, .. }) => finished.as_of,
        _ => sync.finished.as_ref().and_then(|finished| finished.as_of),
    }
}

/// The state of the sync after it, when there are rows or not; the very one if it stays the same.
fn sync_after(sync: &Arc<SyncState>, delta: &Delta, seq: Seq, has_rows: bool) -> Arc<SyncState> {
    let mut next = match (delta.pass, &delta.step) {
        (Some(pass), Some(step)) => Arc::new(sync.after(pass, step, seq, has_rows)),
        _ => Arc::clone(sync),
    };
    if let Some(groups) = delta.groups.as_ref().filter(|groups| **groups != next.groups) {
        Arc::make_mut(&mut next).groups.clone_from(groups);
    }
    let coverage = settled_coverage(&next, has_rows);
    if coverage != next.coverage {
        Arc::make_mut(&mut next).coverage = coverage;
    }
    if next == *sync { Arc::clone(sync) } else { next }
}

/// Of the rows listed, in their order, those whose profile is unknown or too old. The system
/// conversation has none.
fn wanting(draft: &Draft<'_>, delta: &Delta) -> Vec<ConversationId> {
    let mut seen = BTreeSet::new();
    let ids = delta.listed.iter().map(|patch| &patch.id);
    let wants = |id: &&ConversationId| {
        id.conversation_type() != ConversationType::System
            && draft.row(id).is_some_and(|row| delta.profiles.is_due(&row.profile))
    };
    ids.filter(wants).filter(|id| seen.insert(*id)).cloned().collect()
}

/// The write of a change of what the cloud knows.
fn write(
    view: &View<'_>,
    seq: Seq,
    rows: &mut Outcome,
    sync: &Arc<SyncState>,
) -> Result<Option<Write>, StoreError> {
    let is_same_sync = Arc::ptr_eq(sync, &view.sync) || is_same_on_disk(sync, &view.sync);
    if rows.rows.is_empty() && is_same_sync {
        return Ok(None);
    }
    let mut write = Write::new(view.written, seq);
    write.put = std::mem::take(&mut rows.put);
    write.delete = rows.delete.iter().cloned().map(Record::Row).collect();
    let is_put = |record: &Record| write.put.iter().any(|(put, _)| put == record);
    let garbage: Vec<Record> =
        view.garbage.iter().filter(|record| !is_put(record)).cloned().collect();
    write.delete.extend(garbage);
    // A record that is gone no longer carries the number of its going.
    if !is_same_sync || !write.delete.is_empty() {
        write.delete.retain(|record| *record != Record::State);
        write.put.push((Record::State, encode_state(sync, seq)?));
    }
    Ok(Some(write))
}

/// The record of the state. Names of groups and the checkpoint are there to save calls: a state that
/// is too large with them is kept without, so that no pass ever fails by it.
fn encode_state(sync: &SyncState, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
    match StateRecord::new(sync).encode(seq) {
        Err(StoreError::TooLarge { .. }) => {
            let mut bare = sync.clone();
            bare.groups = GroupNames::default();
            bare.checkpoint = None;
            StateRecord::new(&bare).encode(seq)
        }
        encoded => encoded,
    }
}

fn local(view: &View<'_>, id: &ConversationId, newer: &Local) -> Result<Resolved, StoreError> {
    let before = view.local(id);
    let after = before.cloned().unwrap_or_default().merged(newer);
    let publishes = before.cloned().unwrap_or_default() != after;
    let seq = view.next_seq();
    let mut commit = Commit::new(if publishes { seq } else { view.seq }, Arc::clone(&view.sync));
    let (mut rows, mut write, mut entry) = (Vec::new(), None, None);
    if publishes {
        let mut change = Write::new(view.written, seq);
        let record = LocalRecord::new(after.clone()).encode(seq)?;
        change.put.push((Record::Local(id.clone()), record));
        write = Some(change);
        if let Some(old) = view.row(id) {
            let row = old.with_local(after.clone());
            let change = RowChange::set(Some(Arc::clone(old.listed())), Arc::clone(row.listed()));
            commit.changes.push(change);
            rows.push(Replacement { old: Some(old.clone()), new: Some(row) });
        }
        entry = Some(LocalEntry { id: id.clone(), local: after });
    }
    let written = write.as_ref().map(|write| write.seq);
    commit.written = written.unwrap_or(view.written);
    let (commit, forgotten) = (Arc::new(commit), Vec::new());
    Ok(Resolved { commit, write, written, publishes, rows, local: entry, forgotten })
}
