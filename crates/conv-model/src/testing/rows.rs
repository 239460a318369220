//! Conversations and the facets without a file of their own.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    ids::{known_ids, senders},
    messages::known_messages,
    profiles::{group_profiles, user_profiles},
    text::{conversation_groups, maybe, names},
};
use crate::{
    AtType, Conversation, ConversationId, ConversationType, GroupAtInfo, Listing, Local, MarkType,
    Marks, Profile, RemindType, Timestamp, Unread,
};

/// Moments of the cloud's clock, many of them equal; also *no time* and the ends of the range.
pub fn timestamps() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        12 => 1_700_000_000..1_700_000_008_u64,
        4 => 1_262_304_000..4_102_444_800_u64,
        3 => Just(0),
        1 => select(vec![1, u64::from(u32::MAX), (1 << 63) - 1]),
    ]
    .prop_map(Timestamp::from_secs)
}

/// One mark: mostly the four that the cloud defines, else any bit.
pub fn mark_types() -> impl Strategy<Value = MarkType> {
    prop_oneof![3 => 0..4_u32, 1 => select(vec![31, 32, 63]), 1 => 0..64_u32]
        .prop_filter_map("a bit of 64", |bit| MarkType::from_bit(bit).ok())
}

/// Sets of marks: none, a few, any 64 bits.
pub fn marks() -> impl Strategy<Value = Marks> {
    prop_oneof![
        3 => Just(Marks::NONE),
        5 => vec(mark_types(), 1..4).prop_map(|marks| marks.into_iter().collect()),
        1 => any::<u64>().prop_map(Marks::from_bits),
    ]
}

/// Listings; groups in order, each once.
pub fn listings() -> impl Strategy<Value = Listing> {
    (
        maybe(timestamps()),
        proptest::bool::weighted(0.2),
        marks(),
        vec(conversation_groups(), 0..4),
        prop_oneof![2 => Just(Arc::default()), 1 => names()],
        maybe(0..4_u64),
    )
        .prop_map(|(time, is_pinned, marks, mut groups, custom_data, version)| {
            groups.sort_unstable();
            groups.dedup();
            Listing { time, is_pinned, marks, groups, custom_data, version }
        })
}

/// Unread states, each part of them known or not.
pub fn unreads() -> impl Strategy<Value = Unread> {
    let count = prop_oneof![3 => Just(0), 2 => Just(1), 2 => 2..100_u32, 1 => Just(u32::MAX)];
    (maybe(count), maybe(vec(mentions(), 0..3)), maybe(remind_types()), maybe(timestamps()))
        .prop_map(|(count, group_at_info, remind_type, peer_read_time)| Unread {
            count,
            group_at_info: group_at_info.map(Into::into),
            remind_type,
            peer_read_time,
        })
}

/// Local states: a draft, the embedder's bytes, both or none of them.
pub fn locals() -> impl Strategy<Value = Local> {
    (maybe(names()), maybe(vec(any::<u8>(), 0..20)))
        .prop_map(|(draft, data)| Local::new(draft, data.map(Into::into)))
}

/// Rows of the conversations in [`few_ids`](super::few_ids).
pub fn conversations() -> impl Strategy<Value = Conversation> {
    conversations_of(known_ids())
}

/// Rows of given conversations, every facet known or not.
///
/// They keep the model's promises: a profile fits the kind of conversation, and groups whose type
/// counts no unread messages have a count of 0.
pub fn conversations_of(
    ids: impl Strategy<Value = ConversationId> + 'static,
) -> impl Strategy<Value = Conversation> {
    (ids, listings(), both_profiles(), unreads(), known_messages(), locals()).prop_map(
        |(id, listing, profiles, unread, last_message, local)| {
            let profile = fitting(&id, profiles);
            let mut row = Conversation::new(id);
            (row.listing, row.profile, row.unread) = (listing, profile, unread);
            (row.last_message, row.local) = (last_message, local);
            row.clear_hidden();
            row
        },
    )
}

/// A profile for each kind of conversation, of which [`fitting`] takes one.
pub(super) fn both_profiles() -> impl Strategy<Value = [Profile; 3]> {
    (user_profiles(), group_profiles()).prop_map(|(user, group)| {
        let system = Profile { name: user.name.clone(), ..Profile::default() };
        [user, group, system]
    })
}

pub(super) fn fitting(id: &ConversationId, [user, group, system]: [Profile; 3]) -> Profile {
    match id.conversation_type() {
        ConversationType::C2c => user,
        ConversationType::Group => group,
        ConversationType::System => system,
    }
}

fn mentions() -> impl Strategy<Value = GroupAtInfo> {
    let whom = select(vec![AtType::Me, AtType::All, AtType::AllAndMe]);
    (senders(), maybe("[a-z]{1,9}"), 0..1000_u64, whom).prop_map(|(from, topic, sequence, whom)| {
        let mut mention = GroupAtInfo::new(&from, "@TGS#_123", sequence, whom);
        mention.topic_id = topic.map(|topic| format!("@TGS#_123@TOPIC#_{topic}").into());
        mention
    })
}

fn remind_types() -> impl Strategy<Value = RemindType> {
    select(vec![
        RemindType::AcceptAndNotify,
        RemindType::AcceptNotNotify,
        RemindType::Discard,
        RemindType::AcceptNotNotifyExceptAt,
        RemindType::NotReceiveMsgExceptAt,
        RemindType::Other("SomethingNew".into()),
    ])
}
