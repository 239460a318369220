//! Where in the list the row of an ID stands.

use std::{
    cmp::Ordering,
    hash::{DefaultHasher, Hasher},
};

use conv_model::{ConversationId, Rank, Timestamp};

use crate::{
    row::Row,
    tree::{Entry, Tree},
};

/// The ranks of rows by the hash of their IDs. Plain numbers: copying them touches no row.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Tree<Place>);

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    /// Mostly one: rows with the same hash and rank share a place.
    rows: u32,
    rank: Rank,
}

impl Entry for Place {
    type Key = (u32, Rank);

    const LEAF: usize = 64;

    fn key(&self) -> (u32, Rank) {
        (self.hash, self.rank)
    }

    fn compare(&self, key: &(u32, Rank)) -> Ordering {
        self.key().cmp(key)
    }
}

impl Places {
    pub(super) fn of(rows: &[Row]) -> Self {
        let place = |row: &Row| Place { hash: hash(&row.listed().id), rows: 1, rank: row.rank };
        let mut places: Vec<Place> = rows.iter().map(place).collect();
        places.sort_unstable_by_key(Place::key);
        places.dedup_by(|place, before| {
            let is_same = place.key() == before.key();
            before.rows = before.rows.saturating_add(is_same.into());
            is_same
        });
        Self(Tree::from_sorted(places))
    }

    /// The ranks that the row of an ID can have, if there is one.
    pub(super) fn ranks(&self, id: &ConversationId) -> impl Iterator<Item = Rank> {
        let hash = hash(id);
        let first = Rank::new(true, Timestamp::from_secs(u64::MAX));
        let places = self.0.from(&(hash, first)).take_while(move |place| place.hash == hash);
        places.map(|place| place.rank)
    }

    pub(super) fn add(&mut self, id: &ConversationId, rank: Rank) {
        let mut place = Place { hash: hash(id), rows: 1, rank };
        if let Some(others) = self.0.insert(place) {
            place.rows = others.rows.saturating_add(1);
            self.0.insert(place);
        }
    }

    pub(super) fn remove(&mut self, id: &ConversationId, rank: Rank) {
        if let Some(mut place) = self.0.remove(&(hash(id), rank)) {
            place.rows = place.rows.saturating_sub(1);
            if place.rows > 0 {
                self.0.insert(place);
            }
        }
    }
}

pub(super) fn hash(id: &ConversationId) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_str().as_bytes());
    hasher.finish() as u32
}
