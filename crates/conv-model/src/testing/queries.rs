//! Queries that hit.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    ids::known_ids,
    rows::{mark_types, timestamps},
    text::conversation_groups,
};
use crate::{
    Condition, ConversationFilter, ConversationId, ConversationQuery, ConversationType,
    GroupFilter, MarkFilter, QueryError,
};

/// Filters with none to five conditions, on the kinds, marks and groups that rows have.
pub fn filters() -> impl Strategy<Value = ConversationFilter> {
    let (kinds, marks, groups) = (kinds(), mark_filters(), group_filters());
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

/// Queries of every form, their IDs from [`few_ids`](super::few_ids), sometimes twice.
pub fn queries() -> impl Strategy<Value = ConversationQuery> {
    queries_of(known_ids())
}

/// Queries of every form with given IDs; never with an empty list.
pub fn queries_of(
    ids: impl Strategy<Value = ConversationId>,
) -> impl Strategy<Value = ConversationQuery> {
    prop_oneof![
        1 => Just(ConversationQuery::All),
        3 => vec(ids, 1..6).prop_map(valid(ConversationQuery::ids)),
        5 => filters().prop_map(ConversationQuery::Filter).boxed(),
        5 => conditions().prop_map(valid(ConversationQuery::condition)).boxed(),
    ]
}

/// Drawn values are never empty or deep.
fn valid<T>(
    make: impl Fn(T) -> Result<ConversationQuery, QueryError>,
) -> impl Fn(T) -> ConversationQuery {
    move |drawn| make(drawn).unwrap_or_default()
}

/// Conditions of every form, nested, sometimes empty or nested without need.
pub fn conditions() -> impl Strategy<Value = Condition> {
    let parts = select(vec!["", "a", "E", "ö", "ß", "ZOË", "Σ", "李", "İ", "user"]);
    let leaves = prop_oneof![
        2 => kinds().prop_map(Condition::Type),
        3 => mark_filters().prop_map(Condition::Mark),
        3 => group_filters().prop_map(Condition::Group),
        2 => any::<bool>().prop_map(Condition::Unread),
        2 => any::<bool>().prop_map(Condition::Mention),
        2 => any::<bool>().prop_map(Condition::Pinned),
        1 => any::<bool>().prop_map(Condition::Muted),
        1 => parts.clone().prop_map(Condition::name_contains),
        1 => parts.prop_map(Condition::name_contains_unaccented),
        1 => timestamps().prop_map(Condition::Before),
        1 => timestamps().prop_map(Condition::After),
    ];
    leaves.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(Condition::All),
            2 => vec(inner.clone(), 0..4).prop_map(Condition::Any),
            2 => inner.prop_map(|inner| !inner),
        ]
    })
}

fn kinds() -> impl Strategy<Value = ConversationType> {
    select(vec![ConversationType::C2c, ConversationType::Group, ConversationType::System])
}

fn mark_filters() -> impl Strategy<Value = MarkFilter> {
    prop_oneof![1 => Just(MarkFilter::Unmarked), 3 => mark_types().prop_map(MarkFilter::With)]
}

fn group_filters() -> impl Strategy<Value = GroupFilter> {
    prop_oneof![
        1 => Just(GroupFilter::Ungrouped),
        3 => conversation_groups().prop_map(GroupFilter::In),
        1 => Just(GroupFilter::In("unused".into())),
    ]
}

fn rarely<S: Strategy + 'static>(some: S) -> BoxedStrategy<Option<S::Value>> {
    proptest::option::weighted(0.3, some).boxed()
}
