//! A list, page by page.

use std::{num::NonZeroUsize, sync::Arc};

use conv_model::{Conversation, PageKey};

/// Room that a page begins with at most: nobody knows how many rows match.
const ROOM: usize = 64;

/// Some rows of a list, in its order, and where to read on.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListPage {
    /// The rows.
    pub rows: Vec<Arc<Conversation>>,
    /// What to give for the next page; `None` if nothing follows. The page after a full one may be
    /// empty.
    pub next: Option<PageKey>,
}

impl ListPage {
    /// The first rows of a list, at most `limit`.
    pub(crate) fn of<'a>(
        rows: impl Iterator<Item = &'a Arc<Conversation>>,
        limit: NonZeroUsize,
    ) -> Self {
        let limit = limit.get();
        let mut page = Self { rows: Vec::with_capacity(limit.min(ROOM)), next: None };
        page.rows.extend(rows.take(limit).cloned());
        let last = page.rows.last().filter(|_| page.rows.len() == limit);
        page.next = last.map(|row| PageKey::of(row));
        page
    }
}
