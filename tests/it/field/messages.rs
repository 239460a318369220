//! Messages that were recalled, and those that no history keeps.

use conv_api::{All, model::Preview};
use conv_tests::online::{ACCOUNT, id, row};

use super::{ALICE, TEAM, all_facets, later, listed, two};

#[tokio::test]
async fn a_recalled_message_is_said_to_be_recalled_and_its_text_is_nowhere() {
    for in_time in [true, false] {
        let cloud = two().await;
        let conversations = all_facets(&cloud).build().await.unwrap();
        let mut live = conversations.subscribe(All);
        if !in_time {
            // It was shown, and is taken back later.
            conversations.sync().await.unwrap();
        }
        for conversation in [ALICE, TEAM] {
            cloud.world().recall_last_message(ACCOUNT, conversation).unwrap();
        }
        later(&cloud, &conversations).await;
        let mut rows = Vec::new();
        while rows.len() < 2 || live_differs(&rows, &conversations) {
            live.next().await.unwrap().apply(&mut rows).unwrap();
        }
        for conversation in [ALICE, TEAM] {
            let row = row(&conversations, conversation).await;
            assert_eq!(row.last_message.value().unwrap().preview(), Preview::Recalled);
            let json = serde_json::to_value(&*row).unwrap();
            assert_eq!(json["lastMessage"]["isRevoked"], true, "{json}");
            let full = conversations.get_conversation_profile(&id(conversation)).await.unwrap();
            let list = conversations.get_conversation_list(All).await.unwrap();
            let list = serde_json::to_string(&list).unwrap();
            for text in [json.to_string(), list, format!("{row:?} {full:?} {rows:?}")] {
                assert!(!text.contains("hello"), "{text}");
            }
        }
    }
}

fn live_differs(
    rows: &[std::sync::Arc<conv_api::Conversation>],
    conversations: &conv_api::Conversations,
) -> bool {
    let held = conversations.snapshot();
    rows.iter().any(|row| held.get(&row.id).as_ref() != Some(row))
}

#[tokio::test]
async fn a_message_to_members_online_moves_the_row_and_leaves_the_message_before() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    cloud.world().advance(std::time::Duration::from_secs(60));
    let now = cloud.world().say_online_only(ACCOUNT, TEAM).unwrap();
    later(&cloud, &conversations).await;
    let row = row(&conversations, TEAM).await;
    assert_eq!(row.listing.time.unwrap().as_secs(), now);
    let message = row.last_message.value().unwrap();
    assert_eq!(message.preview(), Preview::Text("hello from the team".to_owned()));
}
