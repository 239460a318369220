//! What became of each row over some commits.

use std::{borrow::Cow, sync::Arc};

use conv_model::{Commit, Conversation, RowChange};

/// One change for each row that is other than before, whatever happened in between.
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

/// Whether a list shows a difference; it does not where only the detail of a profile changed.
pub(crate) fn is_change(change: &RowChange) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => !is_same(before, after),
        (before, after) => before.is_some() || after.is_some(),
    }
}

fn is_same(a: &Arc<Conversation>, b: &Arc<Conversation>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}
