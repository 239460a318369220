//! The merge of a patch and a row.

use std::sync::Arc;

use crate::{
    Conversation, ConversationPatch, Known, LastMessage, Listing, ListingPatch, Profile, Unread,
};

/// Returns the conversation after a patch; `old` is `None` if there was no row.
///
/// Facets that a patch leaves out stay. A patch is of one instant: if its listing has a source version
/// older than the stored one, nothing of the patch is taken. Message times are never compared,
/// because a recall lowers them. Local state is not part of a patch and stays untouched.
///
/// ```
/// use conv_model::{ConversationId, ConversationPatch, Profile, merge};
///
/// let mut patch = ConversationPatch::new(ConversationId::c2c("alice")?);
/// patch.profile.name = Some("Alice".into());
/// let row = merge(None, &patch);
///
/// // A page row brings no name: the known one stays.
/// let again = merge(Some(&row), &ConversationPatch::new(row.id.clone()));
/// assert_eq!(again.show_name(), "Alice");
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
pub fn merge(old: Option<&Conversation>, patch: &ConversationPatch) -> Conversation {
    let mut row = match old {
        Some(old) if patch.is_older_than(old) => return old.clone(),
        Some(old) => old.clone(),
        None => Conversation::new(patch.id.clone()),
    };
    if let Some(listing) = &patch.listing {
        merge_listing(&mut row.listing, listing);
    }
    merge_profile(&mut row.profile, &patch.profile);
    merge_unread(&mut row.unread, &patch.unread);
    row.last_message.learn(&patch.last_message);
    row.clear_hidden();
    row
}

impl ConversationPatch {
    /// Returns true if the source says that the row is of a later instant than this patch.
    fn is_older_than(&self, row: &Conversation) -> bool {
        let version = self.listing.as_ref().and_then(|listing| listing.version);
        version.zip(row.listing.version).is_some_and(|(new, old)| new < old)
    }

    /// Returns true if a row may change by this patch. `false` is certain: [`merge`] would give the
    /// same row, and need not be called.
    pub fn may_change(&self, row: &Conversation) -> bool {
        if self.is_older_than(row) {
            return false;
        }
        let counts_unread = row.profile.group_type.as_ref().is_none_or(|kind| kind.counts_unread());
        self.listing.as_ref().is_some_and(|listing| listing.may_change(&row.listing))
            || differs_in_profile(&self.profile, &row.profile)
            || differs_in_unread(&self.unread, &row.unread)
            || differs_in_message(&self.last_message, &row.last_message)
            || !(counts_unread || row.unread.count == Some(0))
    }
}

impl ListingPatch {
    fn may_change(&self, row: &Listing) -> bool {
        newer(&self.time, &row.time)
            || self.is_pinned.is_some_and(|value| value != row.is_pinned)
            || self.marks.is_some_and(|value| value != row.marks)
            || self.groups.as_ref().is_some_and(|value| *value != row.groups)
            || self.custom_data.as_ref().is_some_and(|value| *value != row.custom_data)
            || newer(&self.version, &row.version)
    }
}

fn differs_in_profile(patch: &Profile, row: &Profile) -> bool {
    newer(&patch.name, &row.name)
        || newer(&patch.avatar, &row.avatar)
        || newer(&patch.remark, &row.remark)
        || newer(&patch.group_type, &row.group_type)
        || newer(&patch.read_at, &row.read_at)
        || newer(&patch.detail, &row.detail)
}

fn differs_in_unread(patch: &Unread, row: &Unread) -> bool {
    newer(&patch.count, &row.count)
        || newer(&patch.group_at_info, &row.group_at_info)
        || newer(&patch.remind_type, &row.remind_type)
        || newer(&patch.peer_read_time, &row.peer_read_time)
}

fn differs_in_message(patch: &Known<Arc<LastMessage>>, row: &Known<Arc<LastMessage>>) -> bool {
    match (patch, row) {
        (Known::Unknown, _) => false,
        (Known::Value(patch), Known::Value(row)) => !patch.is_shown_as(row),
        (patch, row) => patch != row,
    }
}

fn newer<T: PartialEq>(patch: &Option<T>, field: &Option<T>) -> bool {
    patch.is_some() && patch != field
}

fn merge_listing(row: &mut Listing, patch: &ListingPatch) {
    set_some(&mut row.time, &patch.time);
    set(&mut row.is_pinned, &patch.is_pinned);
    set(&mut row.marks, &patch.marks);
    set(&mut row.custom_data, &patch.custom_data);
    set_some(&mut row.version, &patch.version);
    if let Some(groups) = &patch.groups {
        row.groups.clone_from(groups);
        row.groups.sort_unstable();
        row.groups.dedup();
    }
}

fn merge_profile(row: &mut Profile, patch: &Profile) {
    set_some(&mut row.name, &patch.name);
    set_some(&mut row.avatar, &patch.avatar);
    set_some(&mut row.remark, &patch.remark);
    set_some(&mut row.group_type, &patch.group_type);
    set_some(&mut row.read_at, &patch.read_at);
    set_some(&mut row.detail, &patch.detail);
}

fn merge_unread(row: &mut Unread, patch: &Unread) {
    set_some(&mut row.count, &patch.count);
    set_some(&mut row.group_at_info, &patch.group_at_info);
    set_some(&mut row.remind_type, &patch.remind_type);
    set_some(&mut row.peer_read_time, &patch.peer_read_time);
}

fn set<T: Clone>(field: &mut T, newer: &Option<T>) {
    if let Some(value) = newer {
        field.clone_from(value);
    }
}

fn set_some<T: Clone>(field: &mut Option<T>, newer: &Option<T>) {
    if newer.is_some() {
        field.clone_from(newer);
    }
}
