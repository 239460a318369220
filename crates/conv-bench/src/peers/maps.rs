//! Maps of the standard library, and imbl's, with the sets that filters need; and imbl's list alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use conv_api::{Conversation, ConversationId, MarkType, model::Rank};

use crate::data::Row;

/// The place of a row in the list, and its number.
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
        let sets = [&mut self.starred, &mut self.unread, &mut self.suppliers];
        sets.into_iter().zip(filters(row)).filter(|(_, is_in)| *is_in).for_each(|(set, _)| {
            change(set);
        });
    }
}

/// Returns true for each filter that a row matches: a star, unread, a supplier's.
fn filters(row: &Conversation) -> [bool; 3] {
    [
        row.listing.marks.contains(MarkType::STAR),
        row.unread.count > Some(0),
        row.listing.groups.iter().any(|group| **group == *"Suppliers"),
    ]
}

/// The maps of [`Plain`], as imbl's: each copy answers all that it does.
#[derive(Clone, Default)]
pub struct Persistent {
    slots: imbl::HashMap<ConversationId, (u32, Row)>,
    order: imbl::OrdMap<Place, Row>,
    sets: [imbl::OrdSet<Place>; 3],
}

impl Persistent {
    pub fn of(rows: &[Row]) -> Self {
        rows.iter().fold(Self::default(), |list, row| list.with(Arc::clone(row)))
    }

    /// The list after a row came or moved.
    #[must_use]
    pub fn with(&self, row: Row) -> Self {
        let mut next = self.clone();
        let known = next.slots.get(&row.id).map(|(slot, _)| *slot);
        let slot = known.unwrap_or(next.slots.len() as u32);
        let now = place(&row, slot);
        if let Some((_, old)) = next.slots.insert(row.id.clone(), (slot, Arc::clone(&row))) {
            let place = place(&old, slot);
            next.order.remove(&place);
            next.each_set(&old, |set| {
                set.remove(&place);
            });
        }
        next.each_set(&row, |set| {
            set.insert(now);
        });
        next.order.insert(now, row);
        next
    }

    fn each_set(&mut self, row: &Conversation, mut change: impl FnMut(&mut imbl::OrdSet<Place>)) {
        let sets = self.sets.iter_mut().zip(filters(row));
        sets.filter(|(_, is_in)| *is_in).for_each(|(set, _)| change(set));
    }
}

/// The list alone: no index that a copy could be asked by, and no room for new rows.
#[derive(Clone)]
pub struct PersistentList {
    slots: Arc<HashMap<ConversationId, u32>>,
    pub order: imbl::OrdMap<Place, Row>,
}

impl PersistentList {
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
