//! Where in the list the row of an ID stands.

use std::cmp::Ordering;

use conv_model::{ConversationId, Rank};

use crate::list::{
    row::Row,
    tree::{Entry, Tree},
};

/// The ranks of rows by the hash of their IDs: plain numbers, so that copying them touches no row.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    by_hash: Tree<Place>,
    /// Of the few rows whose hash another row had before.
    others: Tree<Other>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    hash: u32,
    /// A [`Rank`] in two halves: aligned as one number it would take a third more.
    rank: [u32; 2],
}

#[derive(Clone, Debug)]
pub(super) struct Other {
    id: ConversationId,
    rank: Rank,
}

/// Where a rank is kept.
pub(super) enum RankMut<'a> {
    Place(&'a mut Place),
    Other(&'a mut Other),
}

impl RankMut<'_> {
    pub(super) fn get(&self) -> Rank {
        match self {
            Self::Place(place) => place.rank(),
            Self::Other(other) => other.rank,
        }
    }

    pub(super) fn set(&mut self, rank: Rank) {
        match self {
            Self::Place(place) => **place = Place::new(place.hash, rank),
            Self::Other(other) => other.rank = rank,
        }
    }
}

impl Place {
    fn new(hash: u32, rank: Rank) -> Self {
        let rank = rank.as_u64();
        Self { hash, rank: [(rank >> 32) as u32, rank as u32] }
    }

    fn rank(self) -> Rank {
        let [high, low] = self.rank.map(u64::from);
        Rank::from_u64(high << 32 | low)
    }
}

impl Entry for Place {
    type Key = u32;

    const LEAF: usize = 64;

    fn key(&self) -> u32 {
        self.hash
    }

    fn compare(&self, hash: &u32) -> Ordering {
        self.hash.cmp(hash)
    }
}

impl Entry for Other {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.id.clone()
    }

    fn compare(&self, id: &ConversationId) -> Ordering {
        self.id.cmp(id)
    }
}

impl Places {
    /// Of rows with different IDs, whose hashes are given in the same order.
    pub(super) fn of(rows: &[Row], hashes: Vec<u32>) -> Self {
        let mut order: Vec<(u32, u32)> = hashes.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut places: Vec<Place> = Vec::with_capacity(order.len());
        let mut others = Tree::default();
        let row = |at: u32| rows.get(usize::try_from(at).ok()?);
        for (hash, row) in order.into_iter().filter_map(|(hash, at)| Some((hash, row(at)?))) {
            match places.last() {
                Some(before) if before.hash == hash => {
                    others.insert(Other { id: row.listed().id.clone(), rank: row.rank });
                }
                _ => places.push(Place::new(hash, row.rank)),
            }
        }
        Self { by_hash: Tree::from_sorted(places), others }
    }

    /// The rank of an ID's row, if there is one; else it may be that of another row.
    pub(super) fn rank(&self, id: &ConversationId) -> Option<Rank> {
        match self.others.get(id) {
            Some(other) => Some(other.rank),
            None => self.by_hash.get(&hash(id)).map(|place| place.rank()),
        }
    }

    /// The same, to set another one. Of an ID without a row nothing should be asked here: what
    /// would hold it is copied anyway.
    pub(super) fn rank_mut(&mut self, id: &ConversationId) -> Option<RankMut<'_>> {
        match self.others.get(id) {
            Some(_) => self.others.get_mut(id).map(RankMut::Other),
            None => self.by_hash.get_mut(&hash(id)).map(RankMut::Place),
        }
    }

    /// The place of a row that had none.
    pub(super) fn insert(&mut self, id: &ConversationId, rank: Rank) {
        let hash = hash(id);
        match self.by_hash.get(&hash) {
            Some(_) => self.others.insert(Other { id: id.clone(), rank }).map(drop),
            None => self.by_hash.insert(Place::new(hash, rank)).map(drop),
        };
    }

    /// Another place of a row that has one.
    pub(super) fn change(&mut self, id: &ConversationId, rank: Rank) {
        if let Some(mut place) = self.rank_mut(id) {
            place.set(rank);
        }
    }

    /// No place any more for a row that has one.
    pub(super) fn remove(&mut self, id: &ConversationId) {
        match self.others.get(id) {
            Some(_) => self.others.remove(id).map(drop),
            None => self.by_hash.remove(&hash(id)).map(drop),
        };
    }
}

/// Who chooses IDs so that their hashes are equal makes them a little slower to find, no more.
pub(super) fn hash(id: &ConversationId) -> u32 {
    crc32fast::hash(id.as_str().as_bytes())
}
