//! The one order of a list.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{Conversation, ConversationId, Listing, Timestamp};

/// A row's place in the list, except for ties: smaller comes first.
///
/// Pinned rows first, then later times first, rows without a time last in their class. Packed into
/// one number so that an index compares it in one step; equal ranks are ordered by
/// [`ConversationId`]. Times of 2⁶³ − 1 seconds and more, which no clock shows, count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rank(u64);

/// The bit that puts rows which are not pinned after those that are.
const UNPINNED: u64 = 1 << 63;

impl Rank {
    /// The rank of a listing.
    pub fn of(listing: &Listing) -> Self {
        Self::new(listing.is_pinned, listing.time.unwrap_or_default())
    }

    /// The rank of a row with a pin and a time; zero is *no time*.
    pub const fn new(is_pinned: bool, time: Timestamp) -> Self {
        const NO_TIME: u64 = UNPINNED - 1;
        // No time is zero, and so the latest of all.
        let lateness = NO_TIME.saturating_sub(time.as_secs());
        Self(if is_pinned { lateness } else { UNPINNED | lateness })
    }

    /// Returns true if it is that of a pinned row.
    pub const fn is_pinned(self) -> bool {
        self.0 & UNPINNED == 0
    }

    /// From the number that [`as_u64`](Self::as_u64) gave, as an index kept it.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number: smaller comes first.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Compares the places of two rows: rank, then ID. A total order, the same in every store.
///
/// ```
/// use conv_model::{Conversation, ConversationId, Timestamp, list_order};
///
/// let mut older = Conversation::new(ConversationId::c2c("alice")?);
/// older.listing.time = Some(Timestamp::from_secs(1_700_000_000));
/// let mut newer = Conversation::new(ConversationId::c2c("bob")?);
/// newer.listing.time = Some(Timestamp::from_secs(1_700_000_009));
/// assert!(list_order(&newer, &older).is_lt());
/// older.listing.is_pinned = true;
/// assert!(list_order(&older, &newer).is_lt());
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
pub fn list_order(a: &Conversation, b: &Conversation) -> Ordering {
    fn key(row: &Conversation) -> (Rank, &ConversationId) {
        (Rank::of(&row.listing), &row.id)
    }
    key(a).cmp(&key(b))
}
