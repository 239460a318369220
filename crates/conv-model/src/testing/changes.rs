//! Patches and whole changes.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};

use super::{
    ids::known_ids,
    messages::last_messages,
    rows::{both_profiles, fitting, marks, timestamps, unreads},
    text::{conversation_groups, maybe, names},
};
use crate::{ConversationId, ConversationPatch, Delta, GroupNames, ListingPatch};

/// Patches of the conversations in [`few_ids`](super::few_ids).
pub fn patches() -> impl Strategy<Value = ConversationPatch> {
    patches_of(known_ids())
}

/// Patches of given conversations; any part may be left out, and some say nothing.
pub fn patches_of(
    ids: impl Strategy<Value = ConversationId> + 'static,
) -> impl Strategy<Value = ConversationPatch> {
    (
        ids,
        maybe(listing_patches()),
        maybe(both_profiles()),
        maybe(unreads()),
        maybe(last_messages()),
    )
        .prop_map(|(id, listing, profiles, unread, last_message)| ConversationPatch {
            profile: profiles.map(|profiles| fitting(&id, profiles)).unwrap_or_default(),
            id,
            listing,
            unread: unread.unwrap_or_default(),
            last_message: last_message.map(Arc::new),
        })
}

/// What a listing says; groups in any order, some twice.
pub fn listing_patches() -> impl Strategy<Value = ListingPatch> {
    (
        maybe(timestamps()),
        maybe(any::<bool>()),
        maybe(marks()),
        maybe(vec(conversation_groups(), 0..4)),
        maybe(names()),
        maybe(0..4_u64),
    )
        .prop_map(|(time, is_pinned, marks, groups, custom_data, version)| ListingPatch {
            time,
            is_pinned,
            marks,
            groups,
            custom_data,
            version,
        })
}

/// Changes without a pass, of the conversations in [`few_ids`](super::few_ids).
pub fn deltas() -> impl Strategy<Value = Delta> {
    deltas_of(known_ids)
}

/// Changes without a pass, of the conversations that `ids` yields: rows listed, amended and
/// removed, the same one perhaps in several of these ways.
pub fn deltas_of<S>(ids: impl Fn() -> S) -> impl Strategy<Value = Delta>
where
    S: Strategy<Value = ConversationId> + 'static,
{
    (
        vec(patches_of(ids()), 0..5).boxed(),
        vec(patches_of(ids()), 0..3).boxed(),
        vec(ids(), 0..2),
        proptest::option::weighted(0.1, group_names()),
        timestamps(),
    )
        .prop_map(|(listed, amended, removed, groups, profile_before)| Delta {
            pass: None,
            step: None,
            listed,
            amended,
            removed,
            prune: None,
            groups,
            profile_before,
        })
}

fn group_names() -> impl Strategy<Value = GroupNames> {
    (vec((0..6_u64, conversation_groups()), 0..4), timestamps())
        .prop_map(|(names, read_at)| GroupNames::new(names, read_at))
}
