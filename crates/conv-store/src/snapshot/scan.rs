//! Reading a list to its end while it moves.

use std::{num::NonZeroUsize, sync::Arc};

use conv_model::{Conversation, ConversationQuery, PageKey};

use crate::Snapshot;

/// Reads a list page by page while it goes on changing.
///
/// Every row that matches from the scan's begin to its end is given once and once only, with its
/// value of that moment, wherever it moved meanwhile. A row that came later is not given, one that
/// left before its turn is not either. (A key alone, as [`Snapshot::page`] takes it, loses rows
/// that moved up and meets again those that moved down.)
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use conv_model::{All, ConversationId, ConversationPatch, Delta};
/// use conv_store::{ConversationStore, MemoryStore, Scan};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::open().await?;
/// let [alice, bob] = [ConversationId::c2c("alice")?, ConversationId::c2c("bob")?];
/// store.apply(Delta::listed([alice, bob].map(ConversationPatch::new))).await?;
///
/// let mut scan = Scan::new(store.snapshot(), All, NonZeroUsize::MIN);
/// let mut names = Vec::new();
/// while let Some(rows) = scan.next(&store.snapshot()) {
///     names.extend(rows.iter().map(|row| row.show_name().to_owned()));
/// }
/// assert_eq!(names, ["alice", "bob"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scan {
    begin: Snapshot,
    query: ConversationQuery,
    limit: NonZeroUsize,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Begin,
    After(PageKey),
    End,
}

impl Scan {
    /// Begins at a snapshot, which it keeps; pages have at most `limit` rows.
    pub fn new(begin: Snapshot, query: impl Into<ConversationQuery>, limit: NonZeroUsize) -> Self {
        Self { begin, query: query.into(), limit, place: Place::Begin }
    }

    /// Returns the next rows, with their values in the store's newest snapshot and in no order
    /// across pages; `None` at the end. A page may be shorter than the limit, but is not empty.
    pub fn next(&mut self, now: &Snapshot) -> Option<Vec<Arc<Conversation>>> {
        loop {
            let page = match &self.place {
                Place::Begin => self.begin.page(&self.query, self.limit, None),
                Place::After(key) => self.begin.page(&self.query, self.limit, Some(key)),
                Place::End => return None,
            };
            self.place = page.next.map_or(Place::End, Place::After);
            let newest = page.rows.iter().filter_map(|row| now.listed(&row.id));
            let rows: Vec<_> = newest.filter(|row| self.query.matches(row)).cloned().collect();
            if !rows.is_empty() {
                return Some(rows);
            }
        }
    }
}
