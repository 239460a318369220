//! The state after the writes of other stores.

use std::sync::Arc;

use conv_model::{Commit, Conversation, Coverage, PassStatus, Removal, RowChange, SyncState};

use super::load::{Decoded, decoded};
use crate::{
    Engine, StoreError,
    list::{
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
fn after(old: &State, before: &SyncState, decoded: Decoded) -> State {
    let mut next = old.clone();
    next.written = decoded.seq;
    next.garbage = decoded.garbage.into();
    next.redacted = decoded.redacted.into();
    let changes = replace_rows(&mut next, old, decoded.rows);
    let is_same_local = is_same(&old.locals, &decoded.locals);
    if !is_same_local {
        next.locals = Tree::from_sorted(decoded.locals);
    }
    let has_rows = next.rows.len() > 0;
    let sync = if decoded.lost {
        sync_after_loss(before, decoded.sync, has_rows)
    } else {
        sync_after(before, decoded.sync, has_rows)
    };
    if changes.is_empty() && is_same_local && sync == *old.sync {
        return next;
    }
    let sync = if sync == *old.sync { Arc::clone(&old.sync) } else { Arc::new(sync) };
    let mut commit = Commit::new(decoded.seq.max(old.seq.next()), sync);
    commit.written = decoded.seq;
    commit.changes = changes;
    next.commit(Arc::new(commit));
    next
}

/// Replaces the rows and returns the changes. Old and new rows are both in order of their IDs.
fn replace_rows(
    next: &mut State,
    old: &State,
    rows: Vec<(Arc<Conversation>, Stamps)>,
) -> Vec<RowChange> {
    let mut changes = Vec::new();
    let mut rows = rows.into_iter().peekable();
    for before in old.rows.sorted() {
        let id = &before.listed().id;
        while let Some((row, stamps)) = rows.next_if(|(row, _)| row.id < *id) {
            set(next, &mut changes, None, row, stamps);
        }
        match rows.next_if(|(row, _)| row.id == *id) {
            Some((row, stamps)) => set(next, &mut changes, Some(before), row, stamps),
            None => {
                changes.push(RowChange::removed(Arc::clone(before.listed()), Removal::Deleted));
                next.rows.remove(id);
            }
        }
    }
    for (row, stamps) in rows {
        set(next, &mut changes, None, row, stamps);
    }
    changes
}

fn set(
    next: &mut State,
    changes: &mut Vec<RowChange>,
    before: Option<&Row>,
    row: Arc<Conversation>,
    stamps: Stamps,
) {
    let is_same_row = before.is_some_and(|before| *before.whole() == row);
    if is_same_row && before.is_some_and(|before| before.stamps() == stamps) {
        return;
    }
    let row = Row::new(row, stamps, before);
    if !is_same_row {
        let old = before.map(|before| Arc::clone(before.listed()));
        changes.push(RowChange::set(old, Arc::clone(row.listed())));
    }
    next.rows.set(row);
}

fn is_same(old: &Tree<LocalEntry>, new: &[LocalEntry]) -> bool {
    old.len() == new.len() && old.iter().eq(new)
}

/// Returns the sync state when other stores may have run passes, of which only the beginning and the
/// end are stored.
fn sync_after(old: &SyncState, mut stored: SyncState, has_rows: bool) -> SyncState {
    let finished = stored.finished.as_ref();
    let is_same_scope = finished.is_some_and(|finished| finished.scope == stored.scope);
    let is_finished = stored.finished != old.finished || old.coverage == Coverage::Complete;
    if stored.pass == old.pass && stored.finished == old.finished {
        stored.coverage = old.coverage;
        stored.status.clone_from(&old.status);
        stored.skipped.clone_from(&old.skipped);
        stored.unconfirmed.clone_from(&old.unconfirmed);
        stored.broken_promises.clone_from(&old.broken_promises);
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
