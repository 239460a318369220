//! A row as the index holds it.

use std::{cmp::Ordering, sync::Arc};

use conv_model::{Conversation, ConversationId, Local, Rank};

use crate::{record::Stamp, tree::Entry};

/// A row in both of its forms, and who last changed its listing.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// As a list shows it.
    listed: Arc<Conversation>,
    /// With the profile's detail, where there is one.
    detailed: Option<Arc<Conversation>>,
    pub(crate) stamp: Stamp,
}

impl Row {
    /// A row that comes after another, with which it shares a form that stays the same.
    pub(crate) fn new(
        whole: impl Into<Arc<Conversation>>,
        stamp: Stamp,
        before: Option<&Self>,
    ) -> Self {
        let whole = whole.into();
        let mut listed = whole.listed();
        let detailed = whole.profile.detail.is_some().then_some(whole);
        // Without a detail the form that is listed is the whole row, which did change.
        if let Some(before) = before.filter(|_| detailed.is_some()) {
            if before.listed == listed {
                listed = Arc::clone(&before.listed);
            }
        }
        Self { listed, detailed, stamp }
    }

    /// The same row with other local state.
    pub(crate) fn with_local(&self, local: Local) -> Self {
        let mut whole = Conversation::clone(self.whole());
        whole.local = local;
        Self::new(whole, self.stamp, None)
    }

    pub(crate) fn listed(&self) -> &Arc<Conversation> {
        &self.listed
    }

    pub(crate) fn whole(&self) -> &Arc<Conversation> {
        self.detailed.as_ref().unwrap_or(&self.listed)
    }
}

/// By ID.
impl Entry for Row {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.listed.id.clone()
    }

    fn compare(&self, key: &ConversationId) -> Ordering {
        self.listed.id.cmp(key)
    }
}

/// A row at its place in the list.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    rank: Rank,
    pub(crate) row: Arc<Conversation>,
}

impl Placed {
    pub(crate) fn new(row: &Arc<Conversation>) -> Self {
        Self { rank: Rank::of(&row.listing), row: Arc::clone(row) }
    }

    /// How two places compare.
    pub(crate) fn compare_place(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| self.row.id.cmp(&other.row.id))
    }
}

/// In list order.
impl Entry for Placed {
    type Key = (Rank, ConversationId);

    fn key(&self) -> (Rank, ConversationId) {
        (self.rank, self.row.id.clone())
    }

    fn compare(&self, (rank, id): &(Rank, ConversationId)) -> Ordering {
        self.rank.cmp(rank).then_with(|| self.row.id.cmp(id))
    }
}
