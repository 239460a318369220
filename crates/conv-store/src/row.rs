//! A row as the index holds it.

use std::{cmp::Ordering, sync::Arc};

use conv_model::{Conversation, ConversationId, Local, Rank};

use crate::{record::Stamp, tree::Entry};

/// A row in both of its forms, and who last changed its listing.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) rank: Rank,
    /// As a list shows it.
    listed: Arc<Conversation>,
    /// With the profile's detail, where there is one.
    detailed: Option<Arc<Conversation>>,
    pub(crate) stamp: Stamp,
}

/// A row and the one that takes its place; either may be none.
#[derive(Debug)]
pub(crate) struct Replacement {
    pub(crate) old: Option<Row>,
    pub(crate) new: Option<Row>,
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
        Self { rank: Rank::of(&listed.listing), listed, detailed, stamp }
    }

    /// The same row with other local state.
    pub(crate) fn with_local(&self, local: Local) -> Self {
        let mut whole = Conversation::clone(self.whole());
        whole.local = local;
        Self::new(whole, self.stamp, None)
    }

    /// How two places compare.
    pub(crate) fn compare_place(&self, other: &Self) -> Ordering {
        compare_places((self.rank, &self.listed), (other.rank, &other.listed))
    }

    pub(crate) fn listed(&self) -> &Arc<Conversation> {
        &self.listed
    }

    /// The names of the conversation groups it is in.
    pub(crate) fn groups(&self) -> &[Arc<str>] {
        &self.listed.listing.groups
    }

    pub(crate) fn whole(&self) -> &Arc<Conversation> {
        self.detailed.as_ref().unwrap_or(&self.listed)
    }
}

/// A rank, and where it matters an ID.
pub(crate) type PlaceKey = (Rank, Option<ConversationId>);

/// In list order.
impl Entry for Row {
    type Key = PlaceKey;

    /// A change counts a reference for each row beside it.
    const LEAF: usize = 16;

    fn key(&self) -> PlaceKey {
        (self.rank, Some(self.listed.id.clone()))
    }

    fn bound(&self, before: &Self) -> PlaceKey {
        if self.rank == before.rank { self.key() } else { (self.rank, None) }
    }

    fn compare(&self, key: &PlaceKey) -> Ordering {
        compare(self.rank, &self.listed, key)
    }
}

/// A row in a set, at its place in the list.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) rank: Rank,
    pub(crate) row: Arc<Conversation>,
}

impl Member {
    pub(crate) fn new(row: &Row) -> Self {
        Self { rank: row.rank, row: Arc::clone(&row.listed) }
    }

    /// How two places compare.
    pub(crate) fn compare_place(&self, other: &Self) -> Ordering {
        compare_places((self.rank, &self.row), (other.rank, &other.row))
    }
}

/// In list order.
impl Entry for Member {
    type Key = PlaceKey;

    const LEAF: usize = 32;

    fn key(&self) -> PlaceKey {
        (self.rank, Some(self.row.id.clone()))
    }

    fn bound(&self, before: &Self) -> PlaceKey {
        if self.rank == before.rank { self.key() } else { (self.rank, None) }
    }

    fn compare(&self, key: &PlaceKey) -> Ordering {
        compare(self.rank, &self.row, key)
    }
}

fn compare_places(a: (Rank, &Conversation), b: (Rank, &Conversation)) -> Ordering {
    a.0.cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id))
}

fn compare(rank: Rank, row: &Conversation, (other, id): &PlaceKey) -> Ordering {
    rank.cmp(other).then_with(|| Some(&row.id).cmp(&id.as_ref()))
}
