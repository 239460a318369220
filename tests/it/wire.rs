//! The real pull over the real wire: the list is the cloud's.

use std::collections::BTreeMap;

use conv_api::{All, Coverage, Facet, GroupFilter, ListLimit};
use conv_emulator::{Churn, CursorKind};
use conv_tests::online::{
    ACCOUNT, builder, cloud, emulator, online, shown, synced, truth, unnamed,
};

const LIST: &str = "recentcontact/get_list";
const GROUPS: &str = "recentcontact/get_contact_group";

#[tokio::test]
async fn the_list_is_the_clouds_for_any_page_size_and_any_cursor() {
    for cursor in [
        CursorKind::KeyExact,
        CursorKind::KeySec,
        CursorKind::LiveOff,
        CursorKind::SnapOff,
        CursorKind::Frozen,
    ] {
        for page_size in [1, 7, 50, 100, 500] {
            let cloud = emulator(83).page_size(page_size).cursor(cursor).start().await.unwrap();
            let conversations = synced(&cloud).await;
            assert_eq!(shown(&conversations).await, truth(&cloud), "{cursor:?} {page_size}");
        }
    }
}

#[tokio::test]
async fn names_and_avatars_of_all_scripts_arrive_byte_for_byte() {
    let cloud = cloud(200).await;
    let conversations = synced(&cloud).await;
    cloud.world().add_user("zoe", "Zoë 👩‍👩‍👧‍👦 مرحبا 你好");
    cloud.world().touch(ACCOUNT, "C2Czoe").unwrap();
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!(unnamed(&list), 0);
    assert_eq!(
        list.conversation_list.iter().filter(|row| row.show_name() == "Zoë 👩‍👩‍👧‍👦 مرحبا 你好").count(),
        1
    );
    assert!(list.report().not_fetched.contains(&Facet::Unread), "not asked for, so unknown");
}

#[tokio::test]
async fn a_second_pass_makes_the_listing_calls_alone() {
    let cloud = cloud(250).await;
    let conversations = synced(&cloud).await;
    cloud.reset_calls();
    conversations.sync().await.unwrap();
    let calls = cloud.calls();
    // In addition, names of conversation groups are read once: no other call shows a new name.
    assert_eq!((calls.of(LIST), calls.total - calls.of(GROUPS)), (6, 6));
    assert_eq!(calls.of(GROUPS), 1);
}

#[tokio::test]
async fn a_list_of_one_reply_takes_one_listing_call() {
    let cloud = cloud(100).await;
    let conversations = online(&cloud).await;
    conversations.sync().await.unwrap();
    assert_eq!(cloud.calls().of(LIST), 1);
}

#[tokio::test]
async fn the_plan_limit_is_said_in_the_report() {
    let cloud = emulator(250).plan_limit(100).start().await.unwrap();
    let conversations = builder(&cloud).plan_limit(100).build().await.unwrap();
    let report = conversations.sync().await.unwrap();
    assert_eq!(report.coverage, Coverage::Complete);
    assert_eq!(report.limit, [ListLimit::Capped(100)]);
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn changes_in_the_cloud_arrive_with_the_next_pass() {
    let cloud = cloud(150).await;
    let conversations = synced(&cloud).await;
    let before = truth(&cloud);
    let world = cloud.world();
    world.remove(ACCOUNT, &before[0].0).unwrap();
    world.touch(ACCOUNT, &before[120].0).unwrap();
    world.pin(ACCOUNT, &before[100].0).unwrap();
    world.recall(ACCOUNT, &before[90].0, std::time::Duration::from_secs(5_000)).unwrap();
    world.group(ACCOUNT, &before[80].0, "Suppliers").unwrap();
    world.group(ACCOUNT, &before[81].0, "A new group").unwrap();
    assert_ne!(truth(&cloud), before);
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
    assert!(conversations.snapshot().groups().iter().any(|name| &**name == "A new group"));
}

#[tokio::test]
async fn a_cloud_that_changes_with_every_page_still_reaches_complete() {
    let cloud = emulator(200).page_size(20).churn(Churn::PerPage(1)).start().await.unwrap();
    let conversations = online(&cloud).await;
    let report = conversations.sync().await.unwrap();
    assert_eq!(report.coverage, Coverage::Complete);
    // At most four listings of the pages there are.
    assert!(cloud.calls().of(LIST) <= 4 * (200 / 20 + 3), "{}", cloud.calls().of(LIST));
    cloud.set_churn(Churn::Still);
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn conversations_in_no_group_are_those_that_the_cloud_says() {
    let cloud = cloud(150).await;
    let conversations = synced(&cloud).await;
    let mut filter = conv_api::ConversationFilter::default();
    filter.group = Some(GroupFilter::Ungrouped);
    let list = conversations.get_conversation_list(filter).await.unwrap();
    let expected = truth(&cloud).into_iter().filter(|row| row.4.is_empty()).count();
    assert_eq!(list.len(), expected);
}

#[tokio::test]
async fn unread_counts_come_when_asked_for() {
    let cloud = cloud(60).await;
    let conversations = builder(&cloud).facet(Facet::Unread).build().await.unwrap();
    conversations.sync().await.unwrap();
    let expected: BTreeMap<_, _> = cloud
        .world()
        .listing(ACCOUNT)
        .unwrap()
        .into_iter()
        .map(|row| (row.id, row.unread))
        .collect();
    let list = conversations.get_conversation_list(All).await.unwrap();
    let known: Vec<_> = list.iter().filter(|row| row.unread.count.is_some()).collect();
    assert!(known.len() > 30, "{}", known.len());
    for row in known {
        let counts = row.profile.group_type.as_ref().is_none_or(|kind| kind.counts_unread());
        let expected = if counts { expected[row.id.as_str()] } else { 0 };
        assert_eq!(row.unread.count, Some(expected), "{}", row.id);
    }
}

#[tokio::test]
async fn last_messages_come_when_asked_for() {
    let cloud = cloud(60).await;
    let conversations = builder(&cloud).facet(Facet::LastMessage).build().await.unwrap();
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    let known: Vec<_> = list.iter().filter(|row| row.last_message.value().is_some()).collect();
    assert!(known.len() > 30, "{}", known.len());
    for row in known {
        let message = row.last_message.value().unwrap();
        assert_eq!(message.time, row.listing.time, "{}", row.id);
        assert!(!message.from_account.is_empty() && message.sequence > 0, "{}", row.id);
        assert!(!message.preview().to_string().is_empty(), "{}", row.id);
    }
    let calls = cloud.calls();
    let asked =
        calls.of("openim/admin_getroammsg") + calls.of("group_open_http_svc/group_msg_get_simple");
    assert_eq!(asked as usize, list.len(), "one call a conversation");
}
