//! Values that the cloud no longer has: the row no longer has them either.

use std::time::Duration;

use conv_api::{GroupFilter, model::Known};
use conv_tests::online::{ACCOUNT, emulator, row, rows};

use super::{ALICE, TEAM, all_facets, later, listed, two};

#[tokio::test]
async fn a_deleted_last_message_and_a_cleared_history_leave_rows_without_a_message() {
    for is_cleared in [false, true] {
        let cloud = two().await;
        let conversations = listed(&cloud).await;
        for conversation in [ALICE, TEAM] {
            assert!(row(&conversations, conversation).await.last_message.value().is_some());
            match is_cleared {
                false => cloud.world().delete_last_message(ACCOUNT, conversation).unwrap(),
                true => cloud.world().clear_history(ACCOUNT, conversation).unwrap(),
            }
        }
        later(&cloud, &conversations).await;
        for conversation in [ALICE, TEAM] {
            let row = row(&conversations, conversation).await;
            assert_eq!(row.last_message, Known::Nothing, "{conversation}");
        }
        let text = format!("{:?}", rows(&conversations).await);
        assert!(!text.contains("hello"), "{text}");
    }
}

#[tokio::test]
async fn a_nick_and_an_avatar_that_were_taken_away_are_gone() {
    for nothing in [None, Some("")] {
        let cloud = two().await;
        let world = cloud.world();
        world.set_avatar("alice", Some("https://example.com/alice.png")).unwrap();
        world.set_group_avatar("team", "https://example.com/team.png").unwrap();
        let conversations = listed(&cloud).await;
        assert_eq!(row(&conversations, ALICE).await.show_name(), "Alice");
        world.set_nick("alice", nothing).unwrap();
        world.set_avatar("alice", nothing).unwrap();
        world.rename_group("team", "").unwrap();
        world.set_group_avatar("team", "").unwrap();
        later(&cloud, &conversations).await;
        for (conversation, name) in [(ALICE, "alice"), (TEAM, "team")] {
            let row = row(&conversations, conversation).await;
            assert_eq!(row.show_name(), name);
            assert_eq!(row.profile.avatar.as_deref(), Some(""), "{conversation}");
        }
    }
}

#[tokio::test]
async fn a_row_that_left_its_conversation_groups_is_in_none() {
    let cloud = two().await;
    cloud.world().group(ACCOUNT, ALICE, "Suppliers").unwrap();
    let conversations = listed(&cloud).await;
    assert_eq!(row(&conversations, ALICE).await.listing.groups, ["Suppliers".into()]);
    cloud.world().ungroup_all(ACCOUNT, ALICE).unwrap();
    later(&cloud, &conversations).await;
    assert!(row(&conversations, ALICE).await.listing.groups.is_empty());
    let mut filter = conv_api::ConversationFilter::default();
    filter.group = Some(GroupFilter::Ungrouped);
    assert_eq!(conversations.get_conversation_list(filter).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_row_whose_retention_ended_is_gone_with_its_text() {
    let week = Duration::from_secs(7 * 24 * 3600);
    let cloud = emulator(0).retention(week).start().await.unwrap();
    cloud.world().add_user("alice", "Alice");
    cloud.world().say(ACCOUNT, ALICE, "hello").unwrap();
    let conversations = all_facets(&cloud).build().await.unwrap();
    conversations.sync().await.unwrap();
    assert_eq!(rows(&conversations).await.len(), 1);
    cloud.world().advance(week + Duration::from_secs(60));
    later(&cloud, &conversations).await;
    assert!(rows(&conversations).await.is_empty());
}
