//! The rows whose last change is no change of their record.
//!
//! A row's stamps say when the cloud's part of it changed, and its local state says when that was set.
//! A row also changes when a mutation comes or goes, and when local state is cleared; neither leaves a
//! number in the row.

use std::cmp::Ordering;

use conv_model::{ConversationId, Seq};

use crate::list::tree::{Entry, Tree};

/// The cap on rows.
const ROWS: usize = 1024;

/// The writes that changed rows in another way than by their records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlaid {
    rows: Tree<OverlaidRow>,
    /// Up to this write any row may have changed.
    floor: Seq,
}

#[derive(Clone, Debug)]
struct OverlaidRow {
    id: ConversationId,
    write: Seq,
}

impl Entry for OverlaidRow {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.id.clone()
    }

    fn compare(&self, key: &ConversationId) -> Ordering {
        self.id.cmp(key)
    }
}

impl Overlaid {
    /// Notes that a write changed a row.
    pub(crate) fn note(&mut self, id: &ConversationId, write: Seq) {
        if self.last_change(id) >= write {
            return;
        }
        if self.rows.len() >= ROWS {
            let last = self.rows.iter().map(|row| row.write).max();
            *self = Self::up_to(last.unwrap_or_default().max(self.floor));
        }
        self.rows.insert(OverlaidRow { id: id.clone(), write });
    }

    /// Notes that a write may have changed any row.
    pub(crate) fn note_all(&mut self, write: Seq) {
        self.floor = self.floor.max(write);
    }

    /// Takes over what the records of a later load say of the writes after a known one.
    pub(crate) fn follow(&mut self, later: &Self, known: Seq) {
        for row in later.rows.iter().filter(|row| row.write > known) {
            self.note(&row.id, row.write);
        }
        if later.floor > known {
            self.note_all(later.floor);
        }
    }

    /// Returns the last write that may have changed a row in this way.
    pub(crate) fn last_change(&self, id: &ConversationId) -> Seq {
        self.rows.get(id).map_or(self.floor, |row| row.write.max(self.floor))
    }

    fn up_to(floor: Seq) -> Self {
        Self { rows: Tree::default(), floor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ConversationId {
        ConversationId::c2c(&number.to_string()).unwrap()
    }

    #[test]
    fn only_later_writes_are_taken_over() {
        let mut later = Overlaid::default();
        later.note(&id(1), Seq::new(3));
        later.note(&id(2), Seq::new(9));
        let mut overlaid = Overlaid::default();
        overlaid.follow(&later, Seq::new(3));
        let last = |overlaid: &Overlaid| [1, 2, 3].map(|it| overlaid.last_change(&id(it)).as_u64());
        assert_eq!(last(&overlaid), [0, 9, 0]);
        later.note_all(Seq::new(3));
        overlaid.follow(&later, Seq::new(3));
        assert_eq!(last(&overlaid), [0, 9, 0]);
        later.note_all(Seq::new(4));
        overlaid.follow(&later, Seq::new(3));
        assert_eq!(last(&overlaid), [4, 9, 4]);
    }

    #[test]
    fn no_change_is_forgotten() {
        let mut overlaid = Overlaid::default();
        for number in 0..3 * ROWS {
            overlaid.note(&id(number), Seq::new(number as u64 + 1));
            assert!(overlaid.rows.len() <= ROWS);
        }
        for number in 0..3 * ROWS {
            assert!(overlaid.last_change(&id(number)) > Seq::new(number as u64), "{number}");
        }
        overlaid.note_all(Seq::new(9999));
        assert_eq!(overlaid.last_change(&id(7)), Seq::new(9999));
    }
}
