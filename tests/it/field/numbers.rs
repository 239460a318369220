//! Numbers and unknowns are the same at every door.

use conv_api::{Conversation, PassStatus};
use conv_tests::online::{emulator, id, prompt, rows, script};

use super::{listed, two};

#[tokio::test]
async fn the_report_has_the_number_of_the_error() {
    for rule in ["stalled", "reset", "status=404", "html", "code=50004", "code=70003"] {
        let cloud = two().await;
        script(&cloud, rule);
        let conversations = prompt(&cloud).build().await.unwrap();
        let error = conversations.sync().await.unwrap_err();
        let PassStatus::Failed(failure) = conversations.sync_report().pass else {
            panic!("{rule}")
        };
        assert_eq!((failure.class, failure.code), (error.class(), error.code()), "{rule}");
        assert_ne!(failure.code, 0, "{rule}");
    }
}

#[tokio::test]
async fn rows_of_every_kind_survive_json_with_what_is_not_known_of_them() {
    let cloud = emulator(120).start().await.unwrap();
    let bare = prompt(&cloud).build().await.unwrap();
    bare.sync().await.unwrap();
    for conversations in [bare, listed(&cloud).await] {
        for row in rows(&conversations).await {
            let json = serde_json::to_value(&row).unwrap();
            let is_named = json["notFetched"].to_string().contains("unreadCount");
            assert_eq!(is_named, row.unread.count.is_none(), "{json}");
            assert_eq!(serde_json::from_value::<Conversation>(json).unwrap(), row);
        }
    }
}

#[tokio::test]
async fn asking_for_nobody_leaves_nothing_behind() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    let before = conversations.snapshot().seq();
    let error = conversations.get_conversation_profile(&id("C2Cnobody")).await.unwrap_err();
    assert_eq!(error.code(), 2501);
    assert_eq!(conversations.snapshot().seq(), before);
}
