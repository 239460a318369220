//! The facets of a row that a change must leave alone.

use std::sync::Arc;

use conv_model::{Conversation, Delta, PassId, Seq, SyncState};

use crate::{
    list::row::Row,
    record::{Stamp, Stamps},
};

/// Decides what a change may overwrite.
///
/// An answer describes the moment of its request. A change that another writer made since is newer,
/// however late the answer comes: the order of writing is not the order of reading. A pass requests
/// its listing over many pages, so its listing counts as requested when the pass began, and its own
/// changes are not another writer's.
pub(in crate::apply) struct Guard {
    /// The pass, and the commit with which it began.
    pass: Option<(PassId, Seq)>,
    asked: Option<Seq>,
}

impl Guard {
    pub(super) fn new(sync: &SyncState, delta: &Delta) -> Self {
        Self { pass: delta.pass.map(|pass| (pass, sync.begun)), asked: delta.asked }
    }

    /// Guards nothing: of a change that is of no pass and was not asked for.
    pub(in crate::apply) fn of_no_pass() -> Self {
        Self { pass: None, asked: None }
    }

    /// Returns true if the change is part of a pass.
    pub(super) fn is_of_pass(&self) -> bool {
        self.pass.is_some()
    }

    /// Returns true if the listing must stay as it is, and the row with it.
    pub(super) fn keeps_listing(&self, stamps: &Stamps) -> bool {
        match self.pass {
            Some((pass, begun)) => stamps.listing.seq > begun && stamps.listing.pass != pass,
            None => self.asked.is_some_and(|asked| stamps.listing.seq > asked),
        }
    }

    /// Restores the facets of a merged row that are newer than the change. Returns true if the change had
    /// other ones.
    pub(super) fn keep_newer(
        &self,
        stamps: &Stamps,
        old: &Conversation,
        row: &mut Conversation,
    ) -> bool {
        let is_newer = |stamp: Seq| self.asked.is_some_and(|asked| stamp > asked);
        let mut is_other = false;
        if self.keeps_listing(stamps) {
            is_other |= keep(&old.listing, &mut row.listing);
        }
        if is_newer(stamps.profile) {
            is_other |= keep(&old.profile, &mut row.profile);
        }
        if is_newer(stamps.unread) {
            is_other |= keep(&old.unread, &mut row.unread);
        }
        if is_newer(stamps.last_message) {
            is_other |= keep(&old.last_message, &mut row.last_message);
        }
        is_other
    }

    /// Returns the stamps of a row that changed: fresh ones for the facets that changed.
    pub(in crate::apply) fn stamps(
        &self,
        before: Option<&Row>,
        after: &Arc<Conversation>,
        seq: Seq,
    ) -> Stamps {
        let bare = Arc::new(Conversation::new(after.id.clone()));
        let (old, mut stamps) = match before {
            Some(before) => (before.base(), before.stamps()),
            None => (&bare, Stamps::default()),
        };
        if before.is_none() || old.listing != after.listing {
            stamps.listing = Stamp::new(seq, self.pass.map(|(pass, _)| pass).unwrap_or_default());
        }
        let fresh = |is_same: bool, stamp: Seq| if is_same { stamp } else { seq };
        stamps.profile = fresh(old.profile == after.profile, stamps.profile);
        stamps.unread = fresh(is_same_unread(old, after), stamps.unread);
        stamps.last_message = fresh(old.last_message == after.last_message, stamps.last_message);
        stamps
    }
}

fn keep<T: Clone + PartialEq>(old: &T, new: &mut T) -> bool {
    let is_other = old != new;
    if is_other {
        new.clone_from(old);
    }
    is_other
}

/// Returns true if the change says nothing new about unread messages. Learning the type of a group
/// that counts none zeroes its count, and an answer on its way at that time still has the rest to say.
fn is_same_unread(old: &Conversation, after: &Conversation) -> bool {
    let mut before = old.unread.clone();
    if after.counts_unread() == Some(false) {
        before.count = after.unread.count;
    }
    before == after.unread
}
