//! The JSON of a conversation.

mod rows;
mod sdk;

use std::sync::Arc;

use conv_model::{
    AtType, Conversation, ConversationType, GroupAtInfo, GroupType, Known, LastMessage, Local,
    MessageKind, Payload, PendingState, RemindType, Timestamp, testing,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const SENT: Timestamp = Timestamp::from_secs(1_700_000_000);

fn row(id: &str) -> Conversation {
    Conversation::new(id.parse().unwrap())
}

fn shown(row: &Conversation) -> Value {
    serde_json::to_value(row).unwrap()
}

fn text(from: &str, text: &str) -> Arc<LastMessage> {
    let mut message = LastMessage::new(MessageKind::Text);
    message.from_account = from.into();
    message.payload = Some(Payload::of_text(text));
    message.sequence = 7;
    message.into()
}

#[test]
fn keys_of_one_kind_are_not_shown_by_another() {
    let mut group = row("GROUPg1");
    group.profile.remark = Some("remark".into());
    group.unread.peer_read_time = Some(SENT);
    assert_eq!(shown(&group)["remark"], "");
    assert_eq!(shown(&group)["peerReadTime"], 0);
    let mut user = row("C2Calice");
    user.profile.group_type = Some(GroupType::Public);
    user.unread.group_at_info = Some([GroupAtInfo::new("bob", "g1", 1, AtType::Me)].into());
    assert_eq!(shown(&user)["subType"], "");
    assert_eq!(shown(&user)["groupAtInfoList"], json!([]));
}

#[test]
fn the_other_user_has_read_my_message_and_not_their_own() {
    let is_peer_read = |from: &str, sent: Option<Timestamp>, read: Option<Timestamp>| {
        let mut row = row("C2Calice");
        row.listing.time = sent;
        row.unread.peer_read_time = read;
        row.last_message = Known::Value(text(from, "hi"));
        shown(&row)["lastMessage"]["isPeerRead"].clone()
    };
    let later = Some(SENT.plus_secs(1));
    assert_eq!(is_peer_read("me", Some(SENT), Some(SENT)), true);
    assert_eq!(is_peer_read("me", Some(SENT), later), true);
    assert_eq!(is_peer_read("me", later, Some(SENT)), false);
    assert_eq!(is_peer_read("me", Some(SENT), None), false);
    assert_eq!(is_peer_read("me", Some(Timestamp::ZERO), later), false);
    assert_eq!(is_peer_read("me", None, later), false);
    assert_eq!(is_peer_read("alice", Some(SENT), later), false);
    assert_eq!(is_peer_read("", Some(SENT), later), false, "its sender is unknown");
}

#[test]
fn an_unknown_facet_shows_the_default_and_a_known_zero_does_too() {
    let unknown = row("GROUPg1");
    let mut zero = unknown.clone();
    zero.unread.count = Some(0);
    zero.unread.group_at_info = Some([].into());
    zero.profile.name = Some("".into());
    assert_ne!(unknown, zero);
    let (mut unknown, mut zero) = (shown(&unknown), shown(&zero));
    let keys = |json: &mut Value| json.as_object_mut().unwrap().remove("notFetched").unwrap();
    assert_eq!(
        keys(&mut unknown),
        json!(["unreadCount", "lastMessage", "name", "avatar", "groupAtInfoList"])
    );
    assert_eq!(keys(&mut zero), json!(["lastMessage", "avatar"]));
    // The SDK's keys are the same.
    assert_eq!(unknown, zero);
}

#[test]
fn every_remind_type_has_the_word_of_the_sdk() {
    for word in [
        "AcceptAndNotify",
        "AcceptNotNotify",
        "Discard",
        "AcceptNotNotifyExceptAt",
        "NotReceiveMsgExceptAt",
        "SomethingNew",
    ] {
        let mut row = row("C2Calice");
        row.unread.remind_type = Some(word.into());
        assert_eq!(
            matches!(row.unread.remind_type, Some(RemindType::Other(_))),
            word.ends_with("New")
        );
        assert_eq!(shown(&row)["messageRemindType"], word);
    }
}

#[test]
fn a_type_of_group_is_shown_in_the_old_word_and_read_in_both() {
    for (old, new) in [("Private", "Work"), ("ChatRoom", "Meeting")] {
        assert_eq!(GroupType::from(new), GroupType::from(old));
        assert_eq!(GroupType::from(new).as_str(), old);
    }
    for word in ["Public", "AVChatRoom", "Community", "Room", "Live", "SomethingNew"] {
        assert_eq!(GroupType::from(word).as_str(), word);
    }
}

#[test]
fn pending_mutations_are_named_and_a_row_without_any_has_no_key_for_them() {
    let mut row = row("C2Calice");
    assert_eq!(shown(&row).get("pendingChanges"), None);
    row.pending.pin = Some(PendingState::Queued);
    row.pending.custom_data = Some(PendingState::Failed);
    let expected = json!({ "pin": "queued", "customData": "failed" });
    assert_eq!(shown(&row)["pendingChanges"], expected);
}

proptest! {
    #[test]
    fn a_row_survives_the_way_to_json_and_back(
        mut row in testing::conversations(),
        pending in testing::pending_facets(),
    ) {
        row.pending = pending;
        let first = shown(&row);
        let read: Conversation = serde_json::from_value(first.clone()).unwrap();
        prop_assert_eq!(shown(&read), first);
        let mut expected = row;
        // The embedder's bytes are left out of JSON, and so is a detail without content.
        let draft = expected.local.draft_text().cloned().filter(|draft| !draft.is_empty());
        expected.local = Local::new(draft, None);
        expected.profile.detail = read.profile.detail.clone();
        // Values of another kind of conversation are not shown.
        if expected.conversation_type() != ConversationType::Group {
            expected.unread.group_at_info = None;
        }
        if expected.conversation_type() != ConversationType::C2c {
            expected.unread.peer_read_time = None;
        }
        if expected.conversation_type() == ConversationType::System {
            expected.profile.name = None;
            expected.profile.avatar = None;
        }
        // A message whose time is not known is taken to be of the row's.
        if let Known::Value(message) = &mut expected.last_message {
            let message = Arc::make_mut(message);
            message.time = message.time.or(expected.listing.time);
        }
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn a_row_has_the_profile_of_its_kind_alone(row in testing::conversations()) {
        let json = shown(&row);
        let id = row.id.as_str();
        prop_assert_eq!(json.get("userProfile").is_some(), id.starts_with("C2C"));
        prop_assert_eq!(json["lastMessage"].get("isPeerRead").is_some(), id.starts_with("C2C"));
        prop_assert_eq!(json.get("groupProfile").is_some(), id.starts_with("GROUP"));
        prop_assert_eq!(
            json.get("messageRemindType").is_some(), row.unread.remind_type.is_some()
        );
        prop_assert_eq!(
            json["lastMessage"].get("lastTime").is_some(), row.listing.time.is_some()
        );
    }
}
