mod json;

use std::sync::Arc;

use conv_model::{
    All, Conversation, ConversationFilter, ConversationId, ConversationQuery, ConversationType,
    GroupFilter, MarkFilter, MarkType, Marks, QueryError, testing,
};
use proptest::prelude::*;

/// The SDK's filter said in other words, on the row's parts.
fn naive_filter(filter: &ConversationFilter, row: &Conversation) -> bool {
    if let Some(kind) = filter.conversation_type {
        let is_of_kind = match kind {
            ConversationType::C2c => row.id.as_str().starts_with("C2C"),
            ConversationType::Group => row.id.as_str().starts_with("GROUP"),
            _ => row.id.as_str() == "@TIM#SYSTEM",
        };
        if !is_of_kind {
            return false;
        }
    }
    if let Some(mark) = filter.mark {
        let values: Vec<u64> = row.listing.marks.iter().map(MarkType::value).collect();
        match mark {
            MarkFilter::Unmarked if !values.is_empty() => return false,
            MarkFilter::With(mark) if !values.contains(&mark.value()) => return false,
            _ => {}
        }
    }
    if let Some(group) = &filter.group {
        let names: Vec<&str> = row.listing.groups.iter().map(Arc::as_ref).collect();
        match group {
            GroupFilter::Ungrouped if !names.is_empty() => return false,
            GroupFilter::In(name) if !names.contains(&name.as_ref()) => return false,
            _ => {}
        }
    }
    if let Some(wanted) = filter.has_unread_count {
        match row.unread.count {
            None => return false,
            Some(count) if (count > 0) != wanted => return false,
            _ => {}
        }
    }
    if let Some(wanted) = filter.has_group_at_info {
        let mentions = match (row.id.as_str().starts_with("GROUP"), &row.unread.group_at_info) {
            (false, _) => 0,
            (true, Some(info)) => info.len(),
            (true, None) => return false,
        };
        if (mentions > 0) != wanted {
            return false;
        }
    }
    true
}

fn row(id: &str) -> Conversation {
    Conversation::new(id.parse().unwrap())
}

#[test]
fn a_mark_is_met_alone_and_never_as_a_mask() {
    let mut marked = row("C2Calice");
    marked.listing.marks = Marks::from_bits(0b11);
    assert!(ConversationFilter::mark_type(MarkType::STAR).matches(&marked));
    assert!(ConversationFilter::mark_type(MarkType::UNREAD).matches(&marked));
    assert!(!ConversationFilter::mark_type(MarkType::FOLD).matches(&marked));
    assert!(!ConversationFilter::mark_type(MarkFilter::Unmarked).matches(&marked));
    assert!(ConversationFilter::mark_type(MarkFilter::Unmarked).matches(&row("C2Cbob")));
}

#[test]
fn an_empty_group_name_means_in_no_group() {
    let mut grouped = row("C2Calice");
    grouped.listing.groups = vec!["Suppliers".into()];
    assert!(ConversationFilter::group_name("Suppliers").matches(&grouped));
    assert!(!ConversationFilter::group_name("suppliers").matches(&grouped));
    assert!(!ConversationFilter::group_name("").matches(&grouped));
    assert!(ConversationFilter::group_name("").matches(&row("C2Cbob")));
}

#[test]
fn a_condition_on_an_unknown_facet_is_met_neither_way() {
    let group = row("GROUPg1");
    for has in [true, false] {
        assert!(!ConversationFilter::has_unread_count(has).matches(&group));
        assert!(!ConversationFilter::has_group_at_info(has).matches(&group));
    }
    let mut known = group;
    known.unread.count = Some(1);
    assert!(ConversationFilter::has_unread_count(true).matches(&known));
    known.unread.count = Some(0);
    known.unread.group_at_info = Some(Arc::new([]));
    assert!(ConversationFilter::has_unread_count(false).matches(&known));
    assert!(ConversationFilter::has_group_at_info(false).matches(&known));
}

#[test]
fn one_to_one_rows_have_no_mentions() {
    for id in ["C2Calice", "@TIM#SYSTEM"] {
        assert!(ConversationFilter::has_group_at_info(false).matches(&row(id)), "{id}");
        assert!(!ConversationFilter::has_group_at_info(true).matches(&row(id)), "{id}");
    }
}

#[test]
fn the_system_conversation_is_a_kind_of_its_own() {
    let system = ConversationFilter::conversation_type(ConversationType::System);
    let hits: Vec<ConversationId> =
        testing::few_ids().into_iter().filter(|id| system.matches(&row(id.as_str()))).collect();
    assert_eq!(hits, [ConversationId::system()]);
}

#[test]
fn an_empty_list_of_ids_is_refused() {
    assert_eq!(ConversationQuery::ids([]), Err(QueryError::NoIds));
    assert_eq!(ConversationQuery::ids(Vec::new()), Err(QueryError::NoIds));
    assert!(ConversationQuery::ids([ConversationId::system()]).is_ok());
}

#[test]
fn a_query_is_made_from_what_one_has() {
    let id = ConversationId::system();
    let ids = ConversationQuery::ids(vec![id.clone()]).unwrap();
    assert_eq!(ConversationQuery::from(All), ConversationQuery::All);
    assert_eq!(ConversationQuery::default(), ConversationQuery::All);
    assert!(matches!(&ids, ConversationQuery::Ids(known) if **known == [id.clone()]));
    assert_eq!(ConversationQuery::from([&id]), ids);
    assert_eq!(ConversationQuery::from([id]), ids);
}

proptest! {
    #[test]
    fn a_filter_says_what_a_naive_one_says(
        filter in testing::filters(), row in testing::conversations(),
    ) {
        prop_assert_eq!(filter.matches(&row), naive_filter(&filter, &row));
        prop_assert_eq!(ConversationQuery::from(filter.clone()).matches(&row), filter.matches(&row));
    }

    #[test]
    fn conditions_together_mean_and(
        a in testing::filters(), kind in Just(ConversationType::Group), row in testing::conversations(),
    ) {
        let mut alone = a;
        alone.conversation_type = None;
        prop_assert_eq!(
            alone.clone().and_type(kind).matches(&row),
            alone.matches(&row) && ConversationFilter::conversation_type(kind).matches(&row)
        );
    }

    #[test]
    fn ids_match_exactly_themselves(query in testing::queries(), row in testing::conversations()) {
        if let ConversationQuery::Ids(ids) = &query {
            prop_assert_eq!(query.matches(&row), ids.iter().any(|id| id.as_str() == row.id.as_str()));
        }
        if query == ConversationQuery::All {
            prop_assert!(query.matches(&row));
        }
    }
}
