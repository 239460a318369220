//! Which facets of a row a change must leave alone.

use std::sync::Arc;

use conv_model::{Conversation, Delta, PassId, Seq, SyncState};

use crate::{
    list::row::Row,
    record::{Stamp, Stamps},
};

/// What a change may overwrite.
///
/// An answer tells of the moment it was asked for. What another writer changed since is newer, however
/// late the answer comes: order of writing is not order of reading. A pass asks for its listing over
/// many pages, so that its listing is judged by the pass's beginning, and its own changes are no
/// other writer's.
pub(super) struct Guard {
    /// The pass, and the commit with which it began.
    pass: Option<(PassId, Seq)>,
    asked: Option<Seq>,
}

impl Guard {
    pub(super) fn new(sync: &SyncState, delta: &Delta) -> Self {
        Self { pass: delta.pass.map(|pass| (pass, sync.begun)), asked: delta.asked }
    }

    /// Whether the change is part of a pass.
    pub(super) fn is_of_pass(&self) -> bool {
        self.pass.is_some()
    }

    /// Whether the listing must be left alone, and the row with it.
    pub(super) fn keeps_listing(&self, stamps: &Stamps) -> bool {
        match self.pass {
            Some((pass, begun)) => stamps.listing.seq > begun && stamps.listing.pass != pass,
            None => self.asked.is_some_and(|asked| stamps.listing.seq > asked),
        }
    }

    /// Gives a merged row back the facets that are newer than what the change says.
    pub(super) fn keep_newer(&self, stamps: &Stamps, old: &Conversation, row: &mut Conversation) {
        if self.keeps_listing(stamps) {
            row.listing.clone_from(&old.listing);
        }
        let Some(asked) = self.asked else { return };
        if stamps.profile > asked {
            row.profile.clone_from(&old.profile);
        }
        if stamps.unread > asked {
            row.unread.clone_from(&old.unread);
        }
        if stamps.last_message > asked {
            row.last_message.clone_from(&old.last_message);
        }
    }

    /// The stamps of a row that is not as it was: fresh ones where a facet is not.
    pub(super) fn stamps(
        &self,
        before: Option<&Row>,
        after: &Arc<Conversation>,
        seq: Seq,
    ) -> Stamps {
        let bare = Arc::new(Conversation::new(after.id.clone()));
        let (old, mut stamps) = match before {
            Some(before) => (before.whole(), before.stamps()),
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

/// Whether nothing new was said of what is unread. The count of a group that counts none is zeroed
/// when its type is learned, and an answer that was on its way then still has the rest to say.
fn is_same_unread(old: &Conversation, after: &Conversation) -> bool {
    let mut before = old.unread.clone();
    if after.counts_unread() == Some(false) {
        before.count = after.unread.count;
    }
    before == after.unread
}
