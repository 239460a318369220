//! The rows within the plan's limit, as far as they are known before a listing ends.

use std::collections::BTreeMap;

use conv_model::{ConversationId, ConversationPatch, Rank, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::listing::Seen;
use crate::SourceRow;

/// Holds back rows below the newest `limit` rows, so that no page shows or stores a row, or asks
/// for its name, only for the end of the pass to remove it.
///
/// Only the end of a listing decides which rows those are. Until then the window counts the rows
/// seen so far and, at their former ranks, the rows of the list known before; it holds a row that
/// ranks below `limit` of them until the listing ends. If a source gives old rows first and no list
/// is known, early rows are shown and removed at the end of the pass.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Window {
    held: BTreeMap<ConversationId, SourceRow>,
    /// The lowest `asked` of the pages that brought the held rows.
    asked: Option<Seq>,
}

impl Window {
    /// Returns the rows of a page that may be shown now, and holds the others. `seen` already has
    /// the page's rows; `before` is the list known before this listing.
    pub(super) fn pass(
        &mut self,
        rows: Vec<SourceRow>,
        asked: Seq,
        limit: usize,
        seen: &Seen,
        before: Option<&Seen>,
    ) -> Vec<SourceRow> {
        // A list below its limit has room for every row that comes.
        let before = before.filter(|before| before.len() >= limit);
        let last = last_within(limit, seen, before);
        let is_below = |row: &SourceRow| {
            let id = &row.patch.id;
            let place = seen.get(id).map(|rank| (*rank, id));
            place.zip(last).is_some_and(|(place, last)| place > last)
        };
        let (held, shown): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_below);
        for row in &shown {
            self.held.remove(&row.patch.id);
        }
        if !held.is_empty() {
            self.asked = Some(self.asked.map_or(asked, |least| least.min(asked)));
        }
        self.held.extend(held.into_iter().map(|row| (row.patch.id.clone(), row)));
        shown
    }

    /// Ends a listing. Returns the held rows that are among the newest, and the last stored write
    /// known when the oldest of them was asked for.
    pub(super) fn release(&mut self, newest: &Seen) -> (Vec<SourceRow>, Option<Seq>) {
        let Self { held, asked } = std::mem::take(self);
        let rows = held.into_values().filter(|row| newest.contains_key(&row.patch.id));
        (rows.collect(), asked)
    }
}

/// Returns the rank of the last of the first `count` rows; `None` if there are no further rows.
pub(super) fn last_within<'a>(
    count: usize,
    seen: &'a Seen,
    before: Option<&'a Seen>,
) -> Option<(Rank, &'a ConversationId)> {
    let most = before.map_or(0, BTreeMap::len).saturating_add(seen.len());
    if most <= count {
        return None;
    }
    let older = before.into_iter().flatten().filter(|(id, _)| !seen.contains_key(*id));
    let mut places: Vec<_> = seen.iter().chain(older).map(|(id, rank)| (*rank, id)).collect();
    if places.len() <= count {
        return None;
    }
    let (_, last, _) = places.select_nth_unstable(count.checked_sub(1)?);
    Some(*last)
}

/// Returns the first `count` rows in list order.
pub(super) fn newest(rows: &Seen, count: usize) -> Seen {
    let last = last_within(count, rows, None);
    let is_within =
        |(id, rank): &(&ConversationId, &Rank)| last.is_none_or(|last| (**rank, *id) <= last);
    rows.iter().filter(is_within).map(|(id, rank)| (id.clone(), *rank)).collect()
}

/// Returns the rank that a row of a listing has.
pub(super) fn rank(row: &ConversationPatch) -> Rank {
    let listing = row.listing.as_ref();
    Rank::new(
        listing.and_then(|listing| listing.is_pinned).unwrap_or_default(),
        listing.and_then(|listing| listing.time).unwrap_or(Timestamp::ZERO),
    )
}
