//! Mutations and what becomes of them.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{known_ids, mark_types, timestamps};
use crate::{
    Acknowledgement, GroupName, GroupTarget, IfNewer, Mutation, Outbox, PassId, Pending,
    PendingFacets, PendingState, ReadMark, RemindType, Timestamp,
};

/// Names of three conversation groups, so that random mutations meet.
pub fn group_names() -> impl Strategy<Value = GroupName> {
    select(vec!["Family", "Suppliers", "Work"])
        .prop_filter_map("a name of a group", |name| name.parse().ok())
}

/// Mutations of every kind, of the conversations in [`few_ids`](super::few_ids) and of three
/// conversation groups.
pub fn mutations() -> impl Strategy<Value = Mutation> {
    let if_newer = select(vec![IfNewer::GiveUp, IfNewer::KeepHistory, IfNewer::Delete]);
    let read_marks =
        (timestamps(), 0..1_000_u64).prop_map(|(time, sequence)| ReadMark::new(time, sequence));
    let targets = prop_oneof![
        Just(GroupTarget::Present),
        Just(GroupTarget::Absent),
        group_names().prop_map(GroupTarget::Named),
    ];
    prop_oneof![
        3 => (known_ids(), any::<bool>())
            .prop_map(|(id, is_pinned)| Mutation::Pin { id, is_pinned }),
        3 => (known_ids(), mark_types(), any::<bool>())
            .prop_map(|(id, mark_type, is_set)| Mutation::Mark { id, mark_type, is_set }),
        2 => (known_ids(), "[a-c]{0,2}").prop_map(|(id, text)| {
            Mutation::CustomData { id, custom_data: text.into() }
        }),
        4 => (known_ids(), group_names(), any::<bool>()).prop_map(|(id, group_name, is_member)| {
            Mutation::Member { id, group_name, is_member }
        }),
        2 => (group_names(), targets)
            .prop_filter("a group keeps its name", |(name, target)| {
                *target != GroupTarget::Named(name.clone())
            })
            .prop_map(|(group_name, target)| Mutation::Group { group_name, target }),
        1 => (known_ids(), timestamps(), any::<bool>(), if_newer).prop_map(
            |(id, seen, clears_history, if_newer)| {
                Mutation::Delete { id, seen, clears_history, if_newer }
            }
        ),
        2 => (known_ids(), read_marks, 0..200_u32)
            .prop_map(|(id, until, count)| Mutation::Read { id, until, count }),
        1 => (known_ids(), any::<bool>()).prop_map(|(id, is_muted)| Mutation::Remind {
            id,
            remind_type: match is_muted {
                true => RemindType::AcceptNotNotify,
                false => RemindType::AcceptAndNotify,
            },
        }),
    ]
}

/// Outboxes with mutations in every state.
pub fn outboxes() -> impl Strategy<Value = Outbox> {
    let states = select(vec![
        PendingState::Queued,
        PendingState::Settling,
        PendingState::Held,
        PendingState::Failed,
    ]);
    let extras = (option::of(acknowledgements()), any::<bool>(), option::of(any::<u64>()));
    vec((mutations(), states, any::<bool>(), extras), 0..12).prop_map(|items| {
        let pending = items.into_iter().zip(1..).map(
            |((mutation, state, is_uncertain, (acknowledged, follows, app)), number)| {
                let mut pending = Pending::new(number, mutation, None);
                (pending.state, pending.is_uncertain) = (state, is_uncertain);
                pending.acknowledged = acknowledged.filter(|_| state == PendingState::Settling);
                (pending.follows_another, pending.app) = (follows, app);
                pending
            },
        );
        Outbox::restore(pending, 0)
    })
}

fn acknowledgements() -> impl Strategy<Value = Acknowledgement> {
    let passes = || option::of(any::<u64>().prop_map(PassId::new));
    let times = option::of(any::<u64>().prop_map(Timestamp::from_secs));
    (passes(), times, passes()).prop_map(|(pass, at, disagreed)| {
        let mut moment = Acknowledgement::new(pass, at);
        moment.disagreed = disagreed;
        moment
    })
}

/// Parts of a row that are pending, in every state.
pub fn pending_facets() -> impl Strategy<Value = PendingFacets> {
    let states = select(vec![
        PendingState::Queued,
        PendingState::Sending,
        PendingState::Settling,
        PendingState::Held,
        PendingState::Failed,
    ]);
    proptest::array::uniform7(option::weighted(0.3, states)).prop_map(
        |[pin, marks, custom_data, groups, read, remind_type, deletion]| PendingFacets {
            pin,
            marks,
            custom_data,
            groups,
            read,
            remind_type,
            deletion,
        },
    )
}
