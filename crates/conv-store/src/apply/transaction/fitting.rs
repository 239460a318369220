//! Rows that are too large to store, without their largest facets.

use std::sync::Arc;

use conv_model::{Conversation, Facet, Profile, Refused, Seq};

use super::guard::Guard;
use crate::{
    StoreError,
    apply::change::Encoding,
    list::row::Row,
    record::{Stamps, check_row, encode_row},
};

/// A row that fits, with its record unless encoding is skipped.
pub(super) type Stored = (Arc<Conversation>, Stamps, Option<Arc<[u8]>>);

/// Encodes the rows of one change.
pub(super) struct Fitting<'a> {
    pub(super) guard: &'a Guard,
    pub(super) seq: Seq,
    pub(super) encoding: Encoding,
}

/// The longest name, in bytes, that is kept of a profile that is too large.
const LONGEST_NAME: usize = 1024;

/// The facets that may be left out, the likeliest first.
const FACETS: [Facet; 3] = [Facet::LastMessage, Facet::Profile, Facet::Unread];

impl Fitting<'_> {
    /// Encodes a row; only checks that it fits if encoding is skipped.
    pub(super) fn encode(
        &self,
        row: &Conversation,
        stamps: Stamps,
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        match self.encoding {
            Encoding::Full => encode_row(row, stamps, self.seq).map(Some),
            Encoding::Skipped => check_row(row, stamps).map(|()| None),
        }
    }

    /// Finds the part that makes a row too large (one facet, all of them, or the listing) and leaves
    /// it as it was; `None` if nothing is left to store.
    pub(super) fn shrink(
        &self,
        before: Option<&Row>,
        after: &Arc<Conversation>,
        refused: &mut Vec<Refused>,
    ) -> Result<Option<Stored>, StoreError> {
        let one = FACETS.iter().map(std::slice::from_ref);
        for facets in one.chain([&FACETS[..]]) {
            let row = Arc::new(without(facets, before, after));
            let stamps = self.guard.stamps(before, &row, self.seq);
            match self.encode(&row, stamps) {
                Err(StoreError::TooLarge { .. }) => {}
                encoded => {
                    let facets = facets.iter().map(|facet| Some(*facet));
                    refused.extend(facets.map(|facet| Refused::new(row.id.clone(), facet)));
                    let is_same = before.is_some_and(|before| *before.base() == row);
                    let stored = encoded.map(|record| (row, stamps, record))?;
                    return Ok(Some(stored).filter(|_| !is_same));
                }
            }
        }
        refused.push(Refused::new(after.id.clone(), None));
        Ok(None)
    }
}

/// Returns the row with some facets as they were before.
fn without(facets: &[Facet], before: Option<&Row>, after: &Conversation) -> Conversation {
    let mut row = after.clone();
    let bare = Arc::new(Conversation::new(after.id.clone()));
    let old = before.map_or(&bare, Row::base);
    for facet in facets {
        match facet {
            Facet::LastMessage => row.last_message.clone_from(&old.last_message),
            Facet::Profile => shorten(&mut row.profile, &old.profile),
            Facet::Unread => row.unread.clone_from(&old.unread),
            _ => {}
        }
    }
    row
}

/// Keeps the short parts of a profile: a picture that is too large must not cost the name. The time
/// of reading stays too, or every pass would request the profile again.
fn shorten(profile: &mut Profile, old: &Profile) {
    let read = std::mem::replace(profile, old.clone());
    if read.name.as_ref().is_some_and(|name| name.len() <= LONGEST_NAME) {
        profile.name = read.name;
    }
    profile.group_type = read.group_type;
    profile.read_at = read.read_at;
}
