//! What one would write first: maps of the standard library, and imbl's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use conv_model::{Conversation, ConversationId, ConversationType, MarkType, Rank};

pub(crate) type Place = (u64, u32);

/// Rows in list order, and the sets that filters need.
#[derive(Default)]
pub(crate) struct Plain {
    slots: HashMap<ConversationId, u32>,
    rows: Vec<Arc<Conversation>>,
    pub(crate) order: BTreeMap<Place, Arc<Conversation>>,
    pub(crate) starred: BTreeSet<Place>,
    groups: BTreeSet<Place>,
    unread: BTreeSet<Place>,
}

impl Plain {
    pub(crate) fn of(rows: &[Arc<Conversation>]) -> Self {
        let mut plain = Self::default();
        rows.iter().for_each(|row| plain.set(Arc::clone(row)));
        plain
    }

    pub(crate) fn row(&self, place: &Place) -> &Arc<Conversation> {
        &self.rows[place.1 as usize]
    }

    pub(crate) fn set(&mut self, row: Arc<Conversation>) {
        let next = self.rows.len() as u32;
        let slot = *self.slots.entry(row.id.clone()).or_insert(next);
        if slot == next {
            self.rows.push(Arc::clone(&row));
        } else {
            let old = std::mem::replace(&mut self.rows[slot as usize], Arc::clone(&row));
            let place = (Rank::of(&old.listing).as_u64(), slot);
            self.order.remove(&place);
            self.index(&old, |set| {
                set.remove(&place);
            });
        }
        let place = (Rank::of(&row.listing).as_u64(), slot);
        self.index(&row, |set| {
            set.insert(place);
        });
        self.order.insert(place, row);
    }

    fn index(&mut self, row: &Conversation, mut change: impl FnMut(&mut BTreeSet<Place>)) {
        if row.listing.marks.contains(MarkType::STAR) {
            change(&mut self.starred);
        }
        if row.conversation_type() == ConversationType::Group {
            change(&mut self.groups);
        }
        if row.unread.count.is_some_and(|count| count > 0) {
            change(&mut self.unread);
        }
    }
}

/// The list alone, without any index.
#[derive(Clone)]
pub(crate) struct Persistent {
    slots: Arc<HashMap<ConversationId, u32>>,
    order: imbl::OrdMap<Place, Arc<Conversation>>,
}

impl Persistent {
    pub(crate) fn of(rows: &[Arc<Conversation>]) -> Self {
        let slots = rows.iter().zip(0..).map(|(row, slot)| (row.id.clone(), slot)).collect();
        let place = |(row, slot): (&Arc<Conversation>, u32)| {
            ((Rank::of(&row.listing).as_u64(), slot), Arc::clone(row))
        };
        Self { slots: Arc::new(slots), order: rows.iter().zip(0..).map(place).collect() }
    }

    /// The list after a row moved.
    pub(crate) fn with(&self, old: &Conversation, row: Arc<Conversation>) -> Self {
        let slot = self.slots[&row.id];
        let mut next = self.clone();
        next.order.remove(&(Rank::of(&old.listing).as_u64(), slot));
        next.order.insert((Rank::of(&row.listing).as_u64(), slot), row);
        next
    }
}
