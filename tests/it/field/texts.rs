//! Texts with half of an emoji, and names of which nothing is seen.

use conv_tests::online::{ACCOUNT, row, script};

use super::{ALICE, TEAM, later, listed, two};

#[tokio::test]
async fn half_of_an_emoji_is_shown_as_a_replacement_in_every_text() {
    let cloud = two().await;
    cloud.world().group(ACCOUNT, ALICE, "Suppliers").unwrap();
    for rule in [
        r"names=Ann \ud83d",
        r"texts=see you \ud83d",
        r"avatars=https://example.com/\ud83d.png",
        r"renamed-conversation-groups=\ud83d",
    ] {
        script(&cloud, rule);
    }
    let conversations = listed(&cloud).await;
    for conversation in [ALICE, TEAM] {
        let row = row(&conversations, conversation).await;
        assert_eq!(row.show_name(), "Ann \u{fffd}");
        assert_eq!(row.profile.avatar.as_deref(), Some("https://example.com/\u{fffd}.png"));
        let message = row.last_message.value().unwrap().preview().to_string();
        assert_eq!(message, "see you \u{fffd}");
    }
    let groups = &row(&conversations, ALICE).await.listing.groups;
    assert_eq!(*groups, ["Suppliers\u{fffd}".into()]);
    let report = conversations.sync_report();
    assert!(report.skipped.is_empty() && report.failed.is_empty(), "{report:?}");
}

#[tokio::test]
async fn one_odd_name_costs_no_other_row_its_name() {
    let cloud = two().await;
    cloud.world().set_nick("alice", Some(&conv_emulator::LONE_SURROGATE.to_string())).unwrap();
    cloud.world().add_user("bob", "Bob");
    cloud.world().say(ACCOUNT, "C2Cbob", "hello").unwrap();
    let conversations = listed(&cloud).await;
    assert_eq!(row(&conversations, "C2Cbob").await.show_name(), "Bob");
    assert_eq!(row(&conversations, ALICE).await.show_name(), "\u{fffd}");
}

#[tokio::test]
async fn a_name_of_which_nothing_is_seen_gives_way_to_the_id() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    for name in ["   ", "\u{200b}", "\u{3164}", "\u{2800}", "\u{ad}", "\u{fe0f}", "\t\n"] {
        cloud.world().set_nick("alice", Some(name)).unwrap();
        cloud.world().rename_group("team", name).unwrap();
        later(&cloud, &conversations).await;
        assert_eq!(row(&conversations, ALICE).await.show_name(), "alice", "{name:?}");
        assert_eq!(row(&conversations, TEAM).await.show_name(), "team", "{name:?}");
    }
}
