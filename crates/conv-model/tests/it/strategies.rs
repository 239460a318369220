//! The strategies yield what they promise; everything else here leans on them.

use std::collections::BTreeSet;

use conv_model::{ConversationId, ConversationIdRef, GroupId, GroupIdKind, UserId, testing};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// Some hundred values, always the same ones.
fn sample<S: Strategy>(strategy: S) -> impl Iterator<Item = S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..800).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

#[test]
fn few_ids_are_twelve_of_every_kind() {
    let ids = testing::few_ids();
    assert_eq!(ids.len(), 12);
    assert_eq!(ids.iter().map(ConversationId::conversation_type).collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn every_reason_has_broken_ids() {
    let reasons: Vec<String> =
        sample(testing::broken_ids()).map(|(_, reason)| format!("{reason:?}")).collect();
    let distinct: BTreeSet<&String> = reasons.iter().collect();
    assert_eq!(distinct.len(), 11, "{distinct:?}");
}

#[test]
fn ids_reach_every_kind_and_the_greatest_lengths() {
    let groups: Vec<String> = sample(testing::group_ids()).collect();
    let kinds: BTreeSet<GroupIdKind> =
        groups.iter().map(|group| GroupId::parse(group).unwrap().kind()).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert!(groups.iter().any(|group| group.len() == GroupId::MAX_LEN));
    assert!(sample(testing::user_ids()).any(|user| user.len() == UserId::MAX_LEN));
}

proptest! {
    #[test]
    fn user_ids_and_group_ids_are_valid(
        user in testing::user_ids(), group in testing::group_ids(), topic in testing::topic_ids(),
    ) {
        prop_assert!(UserId::parse(&user).is_ok());
        prop_assert!(GroupId::parse(&group).is_ok());
        prop_assert!(GroupId::parse(&topic).unwrap().topic().is_some());
    }

    #[test]
    fn broken_ids_are_refused_for_their_reason((text, reason) in testing::broken_ids()) {
        prop_assert_eq!(ConversationIdRef::parse(&text), Err(reason));
    }

    #[test]
    fn rows_keep_the_promises_of_the_model(row in testing::conversations()) {
        let mut groups = row.listing.groups.clone();
        groups.sort();
        groups.dedup();
        prop_assert_eq!(&row.listing.groups, &groups);
        if row.profile.group_type.as_ref().is_some_and(|kind| !kind.counts_unread()) {
            prop_assert_eq!(row.unread.count, Some(0));
        }
    }

    #[test]
    fn changes_belong_to_no_pass(delta in testing::deltas()) {
        prop_assert!(delta.pass.is_none() && delta.step.is_none() && delta.prune.is_none());
    }
}
