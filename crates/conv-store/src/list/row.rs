//! A row as the index holds it.

use std::{cmp::Ordering, sync::Arc};

use conv_model::{Conversation, ConversationId, PassId, Rank, Seq};

use crate::{
    list::tree::Entry,
    record::{Stamp, Stamps},
};

/// A row in both of its forms, with the stamps of its facets.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) rank: Rank,
    /// The form in lists.
    listed: Arc<Conversation>,
    /// The forms that few rows have: behind one pointer, since every row pays for it.
    rare: Option<Box<RareForms>>,
    stamps: PackedStamps,
}

/// The forms of a row that differ from the listed one.
#[derive(Clone, Debug, Default)]
struct RareForms {
    /// The form with the profile's detail, if there is one.
    detailed: Option<Arc<Conversation>>,
    /// The row as the cloud knows it, with its detail, if the list shows something else.
    base: Option<Arc<Conversation>>,
}

impl Row {
    /// Builds the row that follows `before`, and shares a form that stays the same.
    pub(crate) fn new(
        whole: impl Into<Arc<Conversation>>,
        stamps: Stamps,
        before: Option<&Self>,
    ) -> Self {
        let whole = whole.into();
        let mut listed = whole.listed();
        let detailed = whole.profile.detail.is_some().then_some(whole);
        // Without a detail the listed form is the whole row, which did change, unless the list shows
        // something else than the cloud's row.
        let may_share = |before: &&Self| detailed.is_some() || before.has_base();
        if let Some(before) = before.filter(may_share) {
            if before.listed == listed {
                listed = Arc::clone(&before.listed);
            }
        }
        let stamps = PackedStamps::of(stamps);
        let rare = detailed.map(|detailed| RareForms { detailed: Some(detailed), base: None });
        Self { rank: Rank::of(&listed.listing), listed, rare: rare.map(Box::new), stamps }
    }

    /// Builds the row that shows `shown` over the cloud's `base`.
    pub(crate) fn over(
        base: Arc<Conversation>,
        shown: Arc<Conversation>,
        stamps: Stamps,
        before: Option<&Self>,
    ) -> Self {
        let mut row = Self::new(shown, stamps, before);
        if let Some(before) =
            before.filter(|before| row.rare.is_none() && before.listed == row.listed)
        {
            row.listed = Arc::clone(&before.listed);
        }
        row.rare.get_or_insert_default().base = Some(base);
        row
    }

    /// Returns true if a list shows the same of another row, detail included.
    pub(crate) fn is_shown_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.whole(), other.whole()) || self.whole() == other.whole()
    }

    /// Compares the places of two rows.
    pub(crate) fn compare_place(&self, other: &Self) -> Ordering {
        compare_places((self.rank, &self.listed), (other.rank, &other.listed))
    }

    pub(crate) fn stamps(&self) -> Stamps {
        self.stamps.read()
    }

    /// Returns a number that is no less than that of the write of its record: each write stamps what it
    /// changes.
    pub(crate) fn last_write(&self) -> Seq {
        self.stamps.last()
    }

    pub(crate) fn listed(&self) -> &Arc<Conversation> {
        &self.listed
    }

    /// Returns true if it has marks or custom data, of which the cloud allows a number.
    pub(crate) fn is_marked(&self) -> bool {
        let listing = &self.listed.listing;
        !listing.marks.is_empty() || !listing.custom_data.is_empty()
    }

    /// Returns the names of the conversation groups it is in.
    pub(crate) fn groups(&self) -> &[Arc<str>] {
        &self.listed.listing.groups
    }

    pub(crate) fn whole(&self) -> &Arc<Conversation> {
        let detailed = self.rare.as_ref().and_then(|rare| rare.detailed.as_ref());
        detailed.unwrap_or(&self.listed)
    }

    /// Returns the row as the cloud knows it, with its local state.
    pub(crate) fn base(&self) -> &Arc<Conversation> {
        let base = self.rare.as_ref().and_then(|rare| rare.base.as_ref());
        base.unwrap_or_else(|| self.whole())
    }

    /// Returns true if the cloud's row is kept beside the one that the list shows.
    pub(crate) fn has_base(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.base.is_some())
    }
}

/// Stamps in 24 bytes, since every row has them.
///
/// After four billion writes or passes of an account, facet stamps saturate and guard no longer: late
/// answers are then taken.
#[derive(Clone, Copy, Debug)]
struct PackedStamps {
    listing: u64,
    pass: u32,
    profile: u32,
    unread: u32,
    last_message: u32,
}

impl PackedStamps {
    fn of(stamps: Stamps) -> Self {
        let pack = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            listing: stamps.listing.seq.as_u64(),
            pass: pack(stamps.listing.pass.as_u64()),
            profile: pack(stamps.profile.as_u64()),
            unread: pack(stamps.unread.as_u64()),
            last_message: pack(stamps.last_message.as_u64()),
        }
    }

    /// Returns the greatest number. One that saturated may be any number beyond.
    fn last(self) -> Seq {
        let facets = self.profile.max(self.unread).max(self.last_message);
        let facets = if facets == u32::MAX { u64::MAX } else { facets.into() };
        Seq::new(facets.max(self.listing))
    }

    fn read(self) -> Stamps {
        let listing = Stamp::new(Seq::new(self.listing), PassId::new(self.pass.into()));
        let mut stamps = Stamps::new(listing);
        stamps.profile = Seq::new(self.profile.into());
        stamps.unread = Seq::new(self.unread.into());
        stamps.last_message = Seq::new(self.last_message.into());
        stamps
    }
}

/// A rank, and where it matters an ID.
pub(crate) type PlaceKey = (Rank, Option<ConversationId>);

/// Sorted in list order.
impl Entry for Row {
    type Key = PlaceKey;

    /// Copying a leaf counts a reference per row, so leaves are short.
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

    /// Compares the places of two rows.
    pub(crate) fn compare_place(&self, other: &Self) -> Ordering {
        compare_places((self.rank, &self.row), (other.rank, &other.row))
    }
}

/// Sorted in list order.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_is_that_of_any_facet_and_a_saturated_stamp_is_never_old() {
        let mut stamps = Stamps::new(Stamp::new(Seq::new(7), PassId::NONE));
        let last = |stamps| PackedStamps::of(stamps).last().as_u64();
        assert_eq!(last(stamps), 7);
        stamps.unread = Seq::new(9);
        assert_eq!(last(stamps), 9);
        stamps.profile = Seq::new(1 << 40);
        assert_eq!(last(stamps), u64::MAX);
        let late = Stamps::new(Stamp::new(Seq::new(1 << 40), PassId::NONE));
        assert_eq!(last(late), 1 << 40);
    }
}
