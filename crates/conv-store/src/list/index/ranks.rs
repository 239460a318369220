//! The rank of each row by its ID.

use std::cmp::Ordering;

use conv_model::{ConversationId, Rank};

use crate::list::{
    row::Row,
    tree::{Entry, Tree},
};

/// The ranks of rows by the hash of their IDs: plain numbers, so copying a node touches no row.
#[derive(Clone, Debug, Default)]
pub(super) struct RankById {
    by_hash: Tree<HashedRank>,
    /// The ranks of the few rows whose hash another row had before.
    collisions: Tree<Collision>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct HashedRank {
    hash: u32,
    /// A [`Rank`] in two halves: aligned as one number it would take a third more.
    rank: [u32; 2],
}

#[derive(Clone, Debug)]
pub(super) struct Collision {
    id: ConversationId,
    rank: Rank,
}

/// A rank in its place, to be read or set.
pub(super) enum RankMut<'a> {
    Hashed(&'a mut HashedRank),
    Collision(&'a mut Collision),
}

impl RankMut<'_> {
    pub(super) fn get(&self) -> Rank {
        match self {
            Self::Hashed(hashed) => hashed.rank(),
            Self::Collision(collision) => collision.rank,
        }
    }

    pub(super) fn set(&mut self, rank: Rank) {
        match self {
            Self::Hashed(hashed) => **hashed = HashedRank::new(hashed.hash, rank),
            Self::Collision(collision) => collision.rank = rank,
        }
    }
}

impl HashedRank {
    fn new(hash: u32, rank: Rank) -> Self {
        let rank = rank.as_u64();
        Self { hash, rank: [(rank >> 32) as u32, rank as u32] }
    }

    fn rank(self) -> Rank {
        let [high, low] = self.rank.map(u64::from);
        Rank::from_u64(high << 32 | low)
    }
}

impl Entry for HashedRank {
    type Key = u32;

    const LEAF: usize = 64;

    fn key(&self) -> u32 {
        self.hash
    }

    fn compare(&self, hash: &u32) -> Ordering {
        self.hash.cmp(hash)
    }
}

impl Entry for Collision {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.id.clone()
    }

    fn compare(&self, id: &ConversationId) -> Ordering {
        self.id.cmp(id)
    }
}

impl RankById {
    /// Builds the map of rows with different IDs, given their hashes in the same order.
    pub(super) fn of(rows: &[Row], hashes: Vec<u32>) -> Self {
        let mut order: Vec<(u32, u32)> = hashes.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut hashed: Vec<HashedRank> = Vec::with_capacity(order.len());
        let mut collisions = Tree::default();
        let row = |at: u32| rows.get(usize::try_from(at).ok()?);
        for (hash, row) in order.into_iter().filter_map(|(hash, at)| Some((hash, row(at)?))) {
            match hashed.last() {
                Some(before) if before.hash == hash => {
                    collisions.insert(Collision { id: row.listed().id.clone(), rank: row.rank });
                }
                _ => hashed.push(HashedRank::new(hash, row.rank)),
            }
        }
        Self { by_hash: Tree::from_sorted(hashed), collisions }
    }

    /// Returns the rank of an ID's row, if there is one; otherwise it may be that of another row.
    pub(super) fn rank(&self, id: &ConversationId) -> Option<Rank> {
        match self.collisions.get(id) {
            Some(collision) => Some(collision.rank),
            None => self.by_hash.get(&hash(id)).map(|hashed| hashed.rank()),
        }
    }

    /// Returns the same to set it. Call it for an ID that has a row: the nodes are copied either way.
    pub(super) fn rank_mut(&mut self, id: &ConversationId) -> Option<RankMut<'_>> {
        match self.collisions.get(id) {
            Some(_) => self.collisions.get_mut(id).map(RankMut::Collision),
            None => self.by_hash.get_mut(&hash(id)).map(RankMut::Hashed),
        }
    }

    /// Adds the rank of a row that had none.
    pub(super) fn insert(&mut self, id: &ConversationId, rank: Rank) {
        let hash = hash(id);
        match self.by_hash.get(&hash) {
            Some(_) => self.collisions.insert(Collision { id: id.clone(), rank }).map(drop),
            None => self.by_hash.insert(HashedRank::new(hash, rank)).map(drop),
        };
    }

    /// Removes the rank of a row that has one.
    pub(super) fn remove(&mut self, id: &ConversationId) {
        match self.collisions.get(id) {
            Some(_) => self.collisions.remove(id).map(drop),
            None => self.by_hash.remove(&hash(id)).map(drop),
        };
    }
}

/// Hashes an ID. Deliberate hash collisions only slow lookups slightly.
pub(super) fn hash(id: &ConversationId) -> u32 {
    crc32fast::hash(id.as_str().as_bytes())
}
