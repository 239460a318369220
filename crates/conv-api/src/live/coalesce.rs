//! Several commits as one change per row.

use std::{borrow::Cow, sync::Arc};

use conv_model::{Commit, Conversation, RowChange};

/// Returns one change per row that differs from before, however often it changed in between.
pub(crate) fn coalesce(commits: &[Arc<Commit>]) -> Cow<'_, [RowChange]> {
    if let [commit] = commits {
        return Cow::Borrowed(&commit.changes);
    }
    let mut changes: Vec<RowChange> =
        commits.iter().flat_map(|commit| commit.changes.iter().cloned()).collect();
    // The sort is stable: the changes of one row stay in order of their commits.
    changes.sort_by(|a, b| a.id().cmp(&b.id()));
    changes.dedup_by(|later, earlier| {
        let is_same_row = later.id() == earlier.id();
        if is_same_row {
            earlier.after = later.after.take();
            earlier.removal = later.removal;
        }
        is_same_row
    });
    changes.retain(is_change);
    Cow::Owned(changes)
}

/// Returns true if a list shows a difference. A change of only a profile's detail does not show.
pub(crate) fn is_change(change: &RowChange) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => !is_same(before, after),
        (before, after) => before.is_some() || after.is_some(),
    }
}

fn is_same(a: &Arc<Conversation>, b: &Arc<Conversation>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}
