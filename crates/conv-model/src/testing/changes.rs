//! Patches and whole changes.

use proptest::{collection::vec, prelude::*};

use super::{
    ids::known_ids,
    messages::known_messages,
    rows::{both_profiles, fitting, marks, timestamps, unreads},
    text::{conversation_groups, maybe, names},
};
use crate::{ConversationId, ConversationPatch, Delta, GroupNames, ListingPatch, ProfilesDue};

/// Patches of the conversations in [`few_ids`](super::few_ids).
pub fn patches() -> impl Strategy<Value = ConversationPatch> {
    patches_of(known_ids())
}

/// Patches of given conversations; any part may be left out, and some say nothing.
pub fn patches_of(
    ids: impl Strategy<Value = ConversationId> + 'static,
) -> impl Strategy<Value = ConversationPatch> {
    (ids, maybe(listing_patches()), maybe(both_profiles()), maybe(unreads()), known_messages())
        .prop_map(|(id, listing, profiles, unread, last_message)| ConversationPatch {
            profile: profiles.map(|profiles| fitting(&id, profiles)).unwrap_or_default(),
            id,
            listing,
            unread: unread.unwrap_or_default(),
            last_message,
        })
}

/// Listing patches; groups in any order, some twice.
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

/// Changes without a pass, of the conversations that `ids` yields: rows listed, updated and
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
        profiles_due(),
    )
        .prop_map(|(listed, updates, removed, groups, profiles)| Delta {
            pass: None,
            step: None,
            listed,
            updates,
            removed,
            prune: None,
            groups,
            unnamed: None,
            asked: None,
            profiles,
        })
}

fn profiles_due() -> impl Strategy<Value = ProfilesDue> {
    let outside =
        (timestamps(), timestamps()).prop_map(|(since, now)| ProfilesDue::Outside { since, now });
    prop_oneof![Just(ProfilesDue::Missing), Just(ProfilesDue::All), outside]
}

fn group_names() -> impl Strategy<Value = GroupNames> {
    (vec((0..6_u64, conversation_groups()), 0..4), maybe(timestamps()))
        .prop_map(|(names, read_at)| GroupNames::new(names, read_at))
}
