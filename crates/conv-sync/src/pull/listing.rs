//! One listing, from the head of the list to its end.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use conv_model::{
    Checkpoint, ConversationId, ConversationPatch, Cursor, Rank, SkippedRow, Timestamp,
};

use super::{
    hydration::QueuedRow,
    window::{newest, rank},
};
use crate::{Capabilities, CursorPromise, ListingOrder, SourceRow};

/// The maximum numbers of consecutive pages without a row, and without a new row.
const MAX_EMPTY: u32 = 3;
const MAX_STALE: u32 = 16;
/// A listing longer than `MAX_ROWS` and than `MAX_PLANS` times the plan's limit counts as endless.
const MAX_ROWS: usize = 10_000;
const MAX_PLANS: usize = 20;
/// The number of rows on a first screen, whose names the pass reads first.
const SCREEN: usize = 50;

/// The rows that a listing showed. Two listings agree if these are equal.
pub(super) type Seen = BTreeMap<ConversationId, Rank>;

/// The state of a listing after a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Next,
    End,
}

/// The source's promises, each until the source breaks it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Promises {
    order: ListingOrder,
    cursors: CursorPromise,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listing {
    promises: Promises,
    limit: usize,
    /// The end of a listing of the head alone: the previous listing covered the rows after it.
    until: Option<Rank>,
    /// The newest unpinned row of the first page.
    newest_unpinned: Option<Rank>,
    resumed: bool,
    next: Option<Cursor>,
    /// The cursors seen in this listing. A cloud gives the same cursors again in the next one.
    cursors: BTreeSet<Cursor>,
    seen: Seen,
    /// The first rows in list order, by the ranks that they were seen with.
    screen: BTreeSet<(Rank, ConversationId)>,
    /// The number of rows without a readable ID.
    nameless: usize,
    /// IDs of rows that could not be read otherwise: the cloud still lists them.
    unread_ids: Vec<ConversationId>,
    /// The number of rows before a resumed listing's first page.
    before: usize,
    pages: u32,
    empty: u32,
    stale: u32,
    /// A broken promise that was not reported yet.
    broken: Option<String>,
}

impl From<&Capabilities> for Promises {
    fn from(capabilities: &Capabilities) -> Self {
        Self { order: capabilities.order, cursors: capabilities.cursors }
    }
}

impl Listing {
    pub(super) fn new(promises: Promises, limit: u32, from: Option<Checkpoint>) -> Self {
        Self {
            promises,
            limit: limit as usize,
            until: None,
            newest_unpinned: None,
            resumed: from.is_some(),
            before: from.as_ref().map_or(0, |checkpoint| checkpoint.listed as usize),
            cursors: from.iter().map(|checkpoint| checkpoint.cursor.clone()).collect(),
            next: from.map(|checkpoint| checkpoint.cursor),
            seen: Seen::new(),
            screen: BTreeSet::new(),
            nameless: 0,
            unread_ids: Vec::new(),
            pages: 0,
            empty: 0,
            stale: 0,
            broken: None,
        }
    }

    /// Returns a fresh listing of the same list.
    pub(super) fn fresh(&self) -> Self {
        let limit = u32::try_from(self.limit).unwrap_or(u32::MAX);
        Self::new(self.promises, limit, None)
    }

    /// Returns the next listing of the same list. It covers the head alone where the source
    /// promises that the previous listing missed no row below it. If the listings so far have
    /// `shown` as many rows as the limit, it covers the whole list: rows that left have used up
    /// places of the previous listing, and a row at the edge would be missed.
    pub(super) fn again(&self, shown: usize) -> Self {
        let Promises { order, cursors } = self.promises;
        let is_promised = order == ListingOrder::NewestFirst && cursors == CursorPromise::Exact;
        let is_enough = is_promised && !self.resumed && shown < self.limit;
        Self { until: self.newest_unpinned.filter(|_| is_enough), ..self.fresh() }
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.next.clone()
    }

    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        self.next.as_ref().map(|cursor| checkpoint(cursor, self.len()))
    }

    pub(super) fn is_resumed(&self) -> bool {
        self.resumed
    }

    pub(super) fn is_at_head(&self) -> bool {
        self.pages == 0 && !self.resumed
    }

    pub(super) fn pages(&self) -> u32 {
        self.pages
    }

    /// Returns the number of rows shown so far.
    pub(super) fn len(&self) -> usize {
        self.before.saturating_add(self.seen.len())
    }

    /// Returns the rows within the limit. After a listing of the head alone, the rows below it are
    /// those of the previous listing, `before`.
    pub(super) fn newest(&self, before: Option<&Seen>) -> Seen {
        let mut rows = self.seen.clone();
        if let Some(until) = self.until {
            let below = before.into_iter().flatten().filter(|(_, rank)| **rank > until);
            for (id, rank) in below {
                rows.entry(id.clone()).or_insert(*rank);
            }
        }
        newest(&rows, self.limit)
    }

    /// Returns the rows shown so far.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Returns the number of rows without a readable ID.
    pub(super) fn nameless(&self) -> usize {
        self.nameless
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns true if a first screen of rows was shown.
    pub(super) fn knows_head(&self) -> bool {
        !self.resumed && self.screen.len() >= SCREEN
    }

    /// Returns rows with their ranks, and with their place on the first screen or below it, as far
    /// as this listing has shown them. A resumed listing does not know the head.
    pub(super) fn queued_rows<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a ConversationId> + 'a,
        before: Option<&'a Seen>,
    ) -> impl Iterator<Item = QueuedRow> + 'a {
        let last = self.screen.last().filter(|_| self.knows_head());
        ids.into_iter().map(move |id| {
            let rank = self.seen.get(id).or_else(|| before.and_then(|before| before.get(id)));
            let rank = rank.copied().unwrap_or(Rank::new(false, Timestamp::ZERO));
            let is_below = last.is_some_and(|(last, last_id)| (rank, id) > (*last, last_id));
            QueuedRow { is_below_head: self.resumed || is_below, rank, id: id.clone() }
        })
    }

    pub(super) fn take_unread_ids(&mut self) -> Vec<ConversationId> {
        std::mem::take(&mut self.unread_ids)
    }

    /// Takes the broken promise to report, if there is one.
    pub(super) fn take_broken_promise(&mut self) -> Option<String> {
        self.broken.take()
    }

    /// Takes in a page. The error says what makes the listing invalid.
    pub(super) fn turn(
        &mut self,
        rows: &[SourceRow],
        skipped: &[SkippedRow],
        next: Option<Cursor>,
    ) -> Result<Turn, &'static str> {
        self.pages = self.pages.saturating_add(1);
        self.check_order(rows);
        let known = self.seen.len();
        for row in rows {
            self.see(&row.patch);
        }
        if self.pages == 1 {
            let ranks = self.seen.values().copied();
            self.newest_unpinned = ranks.filter(|rank| !rank.is_pinned()).min();
        }
        self.nameless += skipped.iter().filter(|row| row.id.is_none()).count();
        self.unread_ids.extend(skipped.iter().filter_map(|row| row.id.clone()));
        let is_empty = rows.is_empty() && skipped.is_empty();
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        self.stale = if self.seen.len() == known { self.stale + 1 } else { 0 };
        self.next = next;
        let is_ordered = self.promises.order == ListingOrder::NewestFirst;
        let is_full = is_ordered && self.len() >= self.limit;
        let is_past =
            self.until.is_some_and(|until| rows.iter().any(|row| rank(&row.patch) > until));
        let Some(cursor) = self.next.as_ref().filter(|_| !is_full && !is_past) else {
            return Ok(Turn::End);
        };
        if !self.cursors.insert(cursor.clone()) {
            return Err("a cursor came twice within a listing");
        }
        if self.empty >= MAX_EMPTY {
            return Err("empty pages without an end");
        }
        if self.stale >= MAX_STALE {
            return Err("pages without a new row and without an end");
        }
        if self.len() > self.limit.saturating_mul(MAX_PLANS).max(MAX_ROWS) {
            return Err("a listing far longer than the plan's limit");
        }
        Ok(Turn::Next)
    }

    /// Notes a row. If it came before, it moved while pages were read: the later reading counts.
    fn see(&mut self, row: &ConversationPatch) {
        let rank = rank(row);
        let before = self.seen.insert(row.id.clone(), rank);
        self.screen.insert((rank, row.id.clone()));
        if self.screen.len() > SCREEN {
            self.screen.pop_last();
        }
        if self.promises.cursors == CursorPromise::Exact && before == Some(rank) {
            self.promises.cursors = CursorPromise::Opaque;
            self.broke("exact cursors and gave a row twice that did not move");
        }
    }

    /// Checks the promised order: no row of a later page ranks before a row of an earlier one.
    fn check_order(&mut self, rows: &[SourceRow]) {
        if self.promises.order != ListingOrder::NewestFirst {
            return;
        }
        let first = rows.iter().map(|row| (rank(&row.patch), &row.patch.id)).min();
        let last = self.seen.iter().map(|(id, rank)| (*rank, id)).max();
        if first.zip(last).is_some_and(|(first, last)| first < last) {
            self.promises.order = ListingOrder::Unordered;
            self.broke("newest rows first and gave a newer one later");
        }
    }

    /// Reports a broken promise. From here on the listing leaves nothing out because of it.
    fn broke(&mut self, what: &str) {
        self.until = None;
        self.broken = Some(format!("source promised {what}"));
    }
}

/// Returns the stored form of a place in a listing.
fn checkpoint(cursor: &Cursor, listed: usize) -> Checkpoint {
    Checkpoint::new(cursor.clone(), u32::try_from(listed).unwrap_or(u32::MAX))
}
