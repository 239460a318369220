//! A row as the index holds it.

use std::{
    cmp::Ordering,
    hash::{DefaultHasher, Hasher},
    sync::Arc,
};

use conv_model::{Conversation, ConversationId, Local, Rank};

use crate::{record::Stamp, tree::Entry};

/// A row in both of its forms, and who last changed its listing.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    hash: u64,
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
        Self { hash: hash_of(&listed.id), listed, detailed, stamp }
    }

    /// The same row with other local state.
    pub(crate) fn with_local(&self, local: Local) -> Self {
        let mut whole = Conversation::clone(self.whole());
        whole.local = local;
        Self::new(whole, self.stamp, None)
    }

    /// How two rows stand in the order by hash.
    pub(crate) fn compare_hash(&self, other: &Self) -> Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.listed.id.cmp(&other.listed.id))
    }

    pub(crate) fn listed(&self) -> &Arc<Conversation> {
        &self.listed
    }

    pub(crate) fn whole(&self) -> &Arc<Conversation> {
        self.detailed.as_ref().unwrap_or(&self.listed)
    }
}

/// By ID, in an order that is cheap to compare: by hash, then ID.
impl Entry for Row {
    type Key = IdKey;

    fn key(&self) -> IdKey {
        (self.hash, Some(self.listed.id.clone()))
    }

    fn bound(&self, before: &Self) -> IdKey {
        if self.hash == before.hash { self.key() } else { (self.hash, None) }
    }

    fn compare(&self, (hash, id): &IdKey) -> Ordering {
        self.hash.cmp(hash).then_with(|| Some(&self.listed.id).cmp(&id.as_ref()))
    }
}

/// The hash of an ID, and where it matters the ID.
pub(crate) type IdKey = (u64, Option<ConversationId>);

pub(crate) fn id_key(id: &ConversationId) -> IdKey {
    (hash_of(id), Some(id.clone()))
}

fn hash_of(id: &ConversationId) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_str().as_bytes());
    hasher.finish()
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

/// A rank, and where it matters an ID.
pub(crate) type PlaceKey = (Rank, Option<ConversationId>);

/// In list order.
impl Entry for Placed {
    type Key = PlaceKey;

    fn key(&self) -> PlaceKey {
        (self.rank, Some(self.row.id.clone()))
    }

    fn bound(&self, before: &Self) -> PlaceKey {
        if self.rank == before.rank { self.key() } else { (self.rank, None) }
    }

    fn compare(&self, (rank, id): &PlaceKey) -> Ordering {
        self.rank.cmp(rank).then_with(|| Some(&self.row.id).cmp(&id.as_ref()))
    }
}
