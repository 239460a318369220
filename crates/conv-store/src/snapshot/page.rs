//! A list, page by page.

use std::{num::NonZeroUsize, sync::Arc};

use conv_model::{Conversation, PageKey};

/// Some rows of a list, in its order, and where to read on.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListPage {
    /// The rows.
    pub rows: Vec<Arc<Conversation>>,
    /// The key of the next page; `None` if nothing follows. The page after a full one may be empty.
    pub next: Option<PageKey>,
}

impl ListPage {
    /// The first rows of a list: as many as the limit, or all there are.
    pub(crate) fn of(rows: Vec<Arc<Conversation>>, limit: NonZeroUsize) -> Self {
        let last = rows.last().filter(|_| rows.len() == limit.get());
        let next = last.map(|row| PageKey::of(row));
        Self { rows, next }
    }
}
