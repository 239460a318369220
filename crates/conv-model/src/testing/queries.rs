//! Queries that hit.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{ids::known_ids, rows::mark_types, text::conversation_groups};
use crate::{
    ConversationFilter, ConversationId, ConversationQuery, ConversationType, GroupFilter,
    MarkFilter,
};

/// Filters with none to five conditions, on the kinds, marks and groups that rows have.
pub fn filters() -> impl Strategy<Value = ConversationFilter> {
    let kinds =
        select(vec![ConversationType::C2c, ConversationType::Group, ConversationType::System]);
    let marks =
        prop_oneof![1 => Just(MarkFilter::Unmarked), 3 => mark_types().prop_map(MarkFilter::With)];
    let groups = prop_oneof![
        1 => Just(GroupFilter::Ungrouped),
        3 => conversation_groups().prop_map(GroupFilter::In),
        1 => Just(GroupFilter::In("of nobody".into())),
    ];
    (rarely(kinds), rarely(marks), rarely(groups), rarely(any::<bool>()), rarely(any::<bool>()))
        .prop_map(|(conversation_type, mark, group, has_unread_count, has_group_at_info)| {
            ConversationFilter {
                conversation_type,
                mark,
                group,
                has_unread_count,
                has_group_at_info,
            }
        })
}

/// Queries of every form, their IDs from [`few_ids`](super::few_ids), now and then twice.
pub fn queries() -> impl Strategy<Value = ConversationQuery> {
    queries_of(known_ids())
}

/// Queries of every form with given IDs; never with an empty list.
pub fn queries_of(
    ids: impl Strategy<Value = ConversationId>,
) -> impl Strategy<Value = ConversationQuery> {
    prop_oneof![
        1 => Just(ConversationQuery::All),
        3 => vec(ids, 1..6).prop_map(ConversationQuery::Ids),
        5 => filters().prop_map(ConversationQuery::Filter).boxed(),
    ]
}

fn rarely<S: Strategy + 'static>(some: S) -> BoxedStrategy<Option<S::Value>> {
    proptest::option::weighted(0.3, some).boxed()
}
