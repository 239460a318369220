//! The state after the writes of other stores.

use std::{collections::BTreeSet, mem, sync::Arc};

use conv_model::{
    Commit, Conversation, ConversationId, Coverage, Outbox, PassStatus, Pending, PendingState, Seq,
    Slot, SyncState,
};

use super::{
    load::{Decoded, decoded},
    outbox::{affected, changes, read},
};
use crate::{
    Engine, StoreError,
    list::{
        placed::Placed,
        row::Row,
        state::{LocalEntry, State, settled_coverage},
        tree::Tree,
    },
    record::Stamps,
};

/// Loads an engine's records as the state that follows an older one. `before` is the sync state from
/// before the store lost touch, if it did: only a pass of another store ends its validity.
pub(super) async fn reload(
    engine: &dyn Engine,
    old: &State,
    before: Option<Arc<SyncState>>,
) -> Result<State, StoreError> {
    let old = old.clone();
    decoded(engine, move |decoded| {
        let before = before.unwrap_or_else(|| Arc::clone(&old.sync));
        after(&old, &before, decoded)
    })
    .await
}

/// Returns the state after an older one. It shares the rows that did not change; one commit has the
/// changes.
fn after(old: &State, before: &SyncState, mut decoded: Decoded) -> State {
    let mut next = old.clone();
    next.written = decoded.seq;
    next.unstored = Arc::default();
    next.garbage = decoded.garbage.clone().into();
    next.redacted = mem::take(&mut decoded.redacted).into();
    let outbox = Outbox::of_records(mem::take(&mut decoded.pending), decoded.last_number);
    let is_same_outbox = outbox == *old.outbox;
    let mut touched = BTreeSet::new();
    if !is_same_outbox {
        let slots: BTreeSet<Slot> = different_slots(&old.outbox, &outbox);
        next.outbox = Arc::new(outbox);
        done_elsewhere(&old.outbox, &next.outbox)
            .for_each(|done| read(&mut next.suggestions, &done.mutation));
        touched = affected(&next, &old.outbox, &slots);
    }
    if decoded.sync.finished != old.sync.finished {
        // Another store's pass. If it has begun one more since, that one covers a moment too much.
        touched.extend(next.suggestions.cover_before(decoded.sync.pass));
    }
    let is_same_rows = replace_rows(&mut next, old, mem::take(&mut decoded.rows), &mut touched);
    touched.iter().for_each(|id| next.show_again(id));
    let changes = changes(old, &next, &touched);
    let locals = mem::take(&mut decoded.locals);
    let is_same_local = is_same(&old.locals, &locals);
    next.locals = Tree::from_sorted(locals);
    // After a loss other writes have the numbers of those that are known.
    let is_same_epoch = decoded.sync.epoch == old.sync.epoch;
    let known = if is_same_epoch { old.written } else { Seq::ZERO };
    next.overlaid.follow(&decoded.overlaid, known);
    let is_same_list = is_same_rows && is_same_outbox && is_same_local;
    // What a restart interrupted is other than stored, without another write.
    let is_stored = is_same_rows && is_same_local && (is_same_outbox || !old.unstored.is_empty());
    if is_of_another_epoch(old, &decoded, is_stored) {
        decoded.sync.epoch = None;
    }
    let has_rows = next.base_len() > 0;
    let sync = if decoded.lost {
        sync_after_loss(before, decoded.sync, has_rows)
    } else {
        sync_after(before, decoded.sync, has_rows)
    };
    if is_same_list && sync == *old.sync {
        return next;
    }
    let sync = if sync == *old.sync { Arc::clone(&old.sync) } else { Arc::new(sync) };
    next.suggestions.renumber(sync.pass);
    let mut commit = Commit::new(decoded.seq.max(old.seq.next()), sync);
    commit.written = decoded.seq;
    commit.changes = changes;
    next.commit(Arc::new(commit));
    next
}

/// Replaces the cloud's rows and notes those that are other than before; returns true if none is. Old
/// and new rows are both in order of their IDs.
fn replace_rows(
    next: &mut State,
    old: &State,
    rows: Vec<(Arc<Conversation>, Stamps)>,
    touched: &mut BTreeSet<ConversationId>,
) -> bool {
    let mut is_same = true;
    let mut set = |before: Option<&Row>, row: Arc<Conversation>, stamps: Stamps| {
        let is_same_row = before.is_some_and(|before| *before.base() == row);
        if is_same_row && before.is_some_and(|before| before.stamps() == stamps) {
            return;
        }
        is_same &= is_same_row;
        touched.insert(row.id.clone());
        next.place(Placed::of(row, stamps, before, next.overlays()));
    };
    let mut gone = Vec::new();
    let mut rows = rows.into_iter().peekable();
    for before in old.sorted_base_rows() {
        let id = &before.base().id;
        while let Some((row, stamps)) = rows.next_if(|(row, _)| row.id < *id) {
            set(None, row, stamps);
        }
        match rows.next_if(|(row, _)| row.id == *id) {
            Some((row, stamps)) => set(Some(before), row, stamps),
            None => gone.push(id),
        }
    }
    rows.for_each(|(row, stamps)| set(None, row, stamps));
    gone.iter().for_each(|id| next.remove_row(id));
    is_same &= gone.is_empty();
    touched.extend(gone.into_iter().cloned());
    is_same
}

/// Returns the slots whose mutations differ between two outboxes.
fn different_slots(old: &Outbox, new: &Outbox) -> BTreeSet<Slot> {
    let slots = old.pending().chain(new.pending()).map(|pending| pending.mutation.slot());
    slots.filter(|slot| !old.of_slot(slot).eq(new.of_slot(slot))).collect()
}

/// Returns the mutations that were under way and that another store took out: done, as far as is known.
fn done_elsewhere<'a>(old: &'a Outbox, new: &Outbox) -> impl Iterator<Item = &'a Arc<Pending>> {
    let left: BTreeSet<u64> = new.pending().map(|pending| pending.number).collect();
    let was_sent = |state| matches!(state, PendingState::Sending | PendingState::Settling);
    old.pending().filter(move |one| was_sent(one.state) && !left.contains(&one.number))
}

fn is_same(old: &Tree<LocalEntry>, new: &[LocalEntry]) -> bool {
    let same = |(old, new): (&LocalEntry, &LocalEntry)| old.id == new.id && old.local == new.local;
    old.len() == new.len() && old.iter().zip(new).all(same)
}

/// Returns true if positions of the epoch that was loaded must not be given, nor be taken from readers:
/// writes are gone, or other ones have their numbers.
///
/// Another epoch than before was made after the loss, by a store that learned of it earlier.
fn is_of_another_epoch(old: &State, decoded: &Decoded, is_as_stored: bool) -> bool {
    let is_renewed = decoded.sync.epoch != old.sync.epoch && old.sync.epoch.is_some();
    let is_other_write = decoded.seq <= old.written && !is_as_stored;
    (decoded.lost && !is_renewed) || is_other_write || !decoded.garbage.is_empty()
}

/// Returns the sync state when other stores may have run passes, of which only the beginning and the
/// end are stored.
fn sync_after(old: &SyncState, mut stored: SyncState, has_rows: bool) -> SyncState {
    let finished = stored.finished.as_ref();
    let is_same_scope = finished.is_some_and(|finished| finished.scope == stored.scope);
    let is_finished = stored.finished != old.finished || old.coverage == Coverage::Complete;
    stored.groups.unnamed.clone_from(&old.groups.unnamed);
    if old.epoch.is_none() {
        // A loss was found and is not stored yet: the pass that it superseded stays superseded.
        stored.pass = stored.pass.max(old.pass);
    }
    if stored.pass == old.pass && stored.finished == old.finished {
        stored.coverage = old.coverage;
        stored.status.clone_from(&old.status);
        stored.skipped.clone_from(&old.skipped);
        stored.unconfirmed.clone_from(&old.unconfirmed);
        stored.broken_promises.clone_from(&old.broken_promises);
        stored.is_overtaken = old.is_overtaken;
        stored.failed.clone_from(&old.failed);
    } else {
        stored.status = PassStatus::Idle;
        stored.coverage =
            if is_finished && is_same_scope { Coverage::Complete } else { Coverage::CacheOnly };
    }
    stored.coverage = settled_coverage(&stored, has_rows);
    stored
}

/// Returns the sync state after stored writes were lost: a preview. The pass that may have made them
/// is superseded: otherwise it would declare a list complete whose rows are gone.
fn sync_after_loss(old: &SyncState, stored: SyncState, has_rows: bool) -> SyncState {
    let mut sync = stored.reopened(has_rows);
    sync.pass = old.pass.max(sync.pass).next();
    sync
}
