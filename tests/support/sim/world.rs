//! The cloud's list and how it changes.

use std::{collections::BTreeMap, sync::Arc};

use conv_api::{Conversation, ConversationId, Timestamp, model::Rank};
use fastrand::Rng;

pub const START: u64 = 1_775_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub time: u64,
    pub pinned: bool,
}

impl Row {
    pub fn rank(self) -> Rank {
        Rank::new(self.pinned, Timestamp::from_secs(self.time))
    }
}

#[derive(Clone, Debug)]
pub struct World {
    pub now: u64,
    pub rows: BTreeMap<ConversationId, Row>,
    made: u32,
    /// The number of times that the conversation groups were renamed.
    renamed: u32,
}

impl World {
    /// A list with heavy ties, or none at all.
    pub fn new(rng: &mut Rng) -> Self {
        let mut world = Self { now: START, rows: BTreeMap::new(), made: 0, renamed: 0 };
        let spread = [1, 5, 60, 100_000][rng.usize(..4)];
        for _ in 0..rng.usize(..=60) {
            let time = START - rng.u64(1..=spread);
            let pinned = rng.u8(..10) == 0;
            world.insert(Row { time, pinned });
        }
        world
    }

    pub fn insert(&mut self, row: Row) -> ConversationId {
        self.made += 1;
        let id = match self.made % 3 {
            0 => ConversationId::group(&format!("g{:03}", self.made)),
            _ => ConversationId::c2c(&format!("u{:03}", self.made)),
        };
        let id = id.unwrap();
        self.rows.insert(id.clone(), row);
        id
    }

    /// The number of a row's conversation group, if it is in one.
    pub fn group_of(id: &ConversationId) -> Option<u64> {
        let last = u64::from(*id.as_str().as_bytes().last()?);
        (last % 3 != 0).then_some(last % 3)
    }

    /// The names of the conversation groups.
    pub fn groups(&self) -> Vec<(u64, Arc<str>)> {
        let name = |number: u64| (number, format!("group {number}.{}", self.renamed).into());
        [1, 2].map(name).to_vec()
    }

    /// Returns true if a held row shows the names of its conversation groups.
    pub fn names_groups_of(&self, row: &Conversation) -> bool {
        let groups = self.groups();
        let name = |number: u64| groups.iter().find(|(known, _)| *known == number);
        let name = Self::group_of(&row.id).and_then(name).map(|(_, name)| name);
        row.listing.groups.iter().eq(name)
    }

    /// Returns the number of unread messages of a conversation.
    pub fn unread(id: &ConversationId) -> u32 {
        id.as_str().bytes().map(u32::from).sum::<u32>() % 7
    }

    /// The rows in list order, with their places.
    pub fn ordered(&self) -> Vec<(ConversationId, Row)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(id, row)| (id.clone(), *row)).collect();
        rows.sort_by(|(a_id, a), (b_id, b)| (a.rank(), a_id).cmp(&(b.rank(), b_id)));
        rows
    }

    /// One change; says which conversations are other than before.
    pub fn change(&mut self, rng: &mut Rng) -> Vec<ConversationId> {
        self.now += rng.u64(..3);
        let ids: Vec<_> = self.rows.keys().cloned().collect();
        let Some(id) = rng.choice(&ids).cloned() else {
            return vec![self.insert(Row { time: self.now, pinned: false })];
        };
        match rng.u8(..13) {
            0..=3 => self.alter(&[id], |row, now| row.time = now),
            4 => {
                let burst: Vec<_> = (0..3).filter_map(|_| rng.choice(&ids).cloned()).collect();
                self.alter(&burst, |row, now| row.time = now)
            }
            5 => {
                self.rows.remove(&id);
                vec![id]
            }
            6 => self.alter(&[id], |row, _| row.pinned = true),
            7 => self.alter(&[id], |row, _| row.pinned = false),
            // A recall lowers the time.
            8 => {
                let back = rng.u64(1..100);
                self.alter(&[id], |row, _| row.time = row.time.saturating_sub(back).max(1))
            }
            9 | 10 => vec![self.insert(Row { time: self.now, pinned: false })],
            11 => {
                self.renamed += 1;
                Vec::new()
            }
            _ => self.expire_oldest(),
        }
    }

    /// What a user's device writes: a pin, or the deletion of a row.
    pub fn write(&mut self, rng: &mut Rng) -> Vec<ConversationId> {
        let ids: Vec<_> = self.rows.keys().cloned().collect();
        let Some(id) = rng.choice(&ids).cloned() else { return Vec::new() };
        match rng.u8(..8) {
            0 => {
                self.rows.remove(&id);
                vec![id]
            }
            1..=4 => self.alter(&[id], |row, _| row.pinned = true),
            _ => self.alter(&[id], |row, _| row.pinned = false),
        }
    }

    fn alter(&mut self, ids: &[ConversationId], f: impl Fn(&mut Row, u64)) -> Vec<ConversationId> {
        for id in ids {
            if let Some(row) = self.rows.get_mut(id) {
                f(row, self.now);
            }
        }
        ids.to_vec()
    }

    fn expire_oldest(&mut self) -> Vec<ConversationId> {
        let oldest = self.rows.iter().min_by_key(|(_, row)| row.time).map(|(id, _)| id.clone());
        let Some(id) = oldest else { return Vec::new() };
        self.rows.remove(&id);
        vec![id]
    }
}
