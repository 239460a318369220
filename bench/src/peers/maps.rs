//! Maps of the standard library, with the sets that filters need; and imbl's map.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use conv_api::{Conversation, ConversationId, MarkType, model::Rank};

use crate::data::Row;

/// Where a row stands in the list, and its number.
pub type Place = (u64, u32);

/// Rows in list order, and indexes.
#[derive(Default)]
pub struct Plain {
    slots: HashMap<ConversationId, u32>,
    rows: Vec<Row>,
    pub order: BTreeMap<Place, Row>,
    pub starred: BTreeSet<Place>,
    pub unread: BTreeSet<Place>,
    pub suppliers: BTreeSet<Place>,
}

impl Plain {
    pub fn of(rows: &[Row]) -> Self {
        let mut plain = Self::default();
        rows.iter().for_each(|row| plain.set(Arc::clone(row)));
        plain
    }

    pub fn row(&self, place: &Place) -> &Row {
        &self.rows[place.1 as usize]
    }

    pub fn set(&mut self, row: Row) {
        let next = self.rows.len() as u32;
        let slot = *self.slots.entry(row.id.clone()).or_insert(next);
        if slot == next {
            self.rows.push(Arc::clone(&row));
        } else {
            let old = std::mem::replace(&mut self.rows[slot as usize], Arc::clone(&row));
            let place = place(&old, slot);
            self.order.remove(&place);
            self.index(&old, |set| {
                set.remove(&place);
            });
        }
        let place = place(&row, slot);
        self.index(&row, |set| {
            set.insert(place);
        });
        self.order.insert(place, row);
    }

    fn index(&mut self, row: &Conversation, mut change: impl FnMut(&mut BTreeSet<Place>)) {
        if row.listing.marks.contains(MarkType::STAR) {
            change(&mut self.starred);
        }
        if row.unread.count > Some(0) {
            change(&mut self.unread);
        }
        if row.listing.groups.iter().any(|group| **group == *"Suppliers") {
            change(&mut self.suppliers);
        }
    }
}

/// The list alone, without any index.
#[derive(Clone)]
pub struct Persistent {
    slots: Arc<HashMap<ConversationId, u32>>,
    pub order: imbl::OrdMap<Place, Row>,
}

impl Persistent {
    pub fn of(rows: &[Row]) -> Self {
        let slots = rows.iter().zip(0..).map(|(row, slot)| (row.id.clone(), slot)).collect();
        let order = rows.iter().zip(0..).map(|(row, slot)| (place(row, slot), Arc::clone(row)));
        Self { slots: Arc::new(slots), order: order.collect() }
    }

    /// The list after a row moved.
    #[must_use]
    pub fn with(&self, old: &Conversation, row: Row) -> Self {
        let slot = self.slots[&row.id];
        let mut next = self.clone();
        next.order.remove(&place(old, slot));
        next.order.insert(place(&row, slot), row);
        next
    }
}

fn place(row: &Conversation, slot: u32) -> Place {
    (Rank::of(&row.listing).as_u64(), slot)
}
