//! Changes by another device of the account, and the log that does not contain them.

use conv_emulator::{Change, Error, MsgFlag};
use serde_json::json;

use crate::{
    client::{Client, ME},
    requests::*,
};

#[tokio::test]
async fn another_device_changes_everything_that_commands_change() {
    let client = Client::with_users(&["a", "b"]).await;
    let world = client.emulator.world();
    world.pin(ME, "C2Ca").unwrap();
    world.mark(ME, "C2Ca", 1, 0).unwrap();
    world.set_custom_mark(ME, "C2Ca", "vip").unwrap();
    world.create_conversation_group(ME, "Empty").unwrap();
    world.group(ME, "C2Ca", "Work").unwrap();
    world.group(ME, "C2Cb", "Work").unwrap();
    world.ungroup(ME, "C2Cb", "Work").unwrap();
    world.rename_conversation_group(ME, "Work", "Office").unwrap();
    assert_eq!(client.labels("a").await, (json!("1"), json!("vip"), json!([2])));
    assert_eq!(client.pinned(), ["C2Ca"]);
    assert_eq!(client.members("Office"), ["C2Ca"]);
    assert_eq!(world.conversation_groups(ME).unwrap(), ["Empty", "Office"]);
    world.delete_conversation_group(ME, "Empty").unwrap();
    assert_eq!(world.conversation_groups(ME).unwrap(), ["Office"]);
    let missing = world.delete_conversation_group(ME, "Empty");
    assert!(matches!(missing, Err(Error::UnknownGroup(_))));

    let time = world.touch(ME, "C2Cb").unwrap();
    world.read(ME, "C2Cb", time - 1).unwrap();
    assert_eq!(client.unread("b").await, 1);
    world.read(ME, "C2Cb", time).unwrap();
    assert_eq!(client.unread("b").await, 0);

    world.set_msg_flag(ME, "g", MsgFlag::Discard).unwrap();
    assert_eq!(world.msg_flag(ME, "g").unwrap(), MsgFlag::Discard);
    assert!(client.writes().is_empty(), "only commands are logged");
}

#[tokio::test]
async fn another_device_deletes_a_conversation_and_a_message_brings_it_back() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.say(ME, "C2Ca", "old").unwrap();
    world.group(ME, "C2Ca", "Work").unwrap();
    let history = json!({"Operator_Account": ME, "Peer_Account": "a", "MaxCnt": 1, "MinTime": 0,
        "MaxTime": u32::MAX});
    for (clear, count) in [(false, 1), (true, 0)] {
        world.delete_conversation(ME, "C2Ca", clear).unwrap();
        assert!(client.list().await.is_empty());
        let gone = world.delete_conversation(ME, "C2Ca", clear);
        assert!(matches!(gone, Err(Error::UnknownConversation(_))));
        let reply = client.ok("openim/admin_getroammsg", history.clone()).await;
        assert_eq!(reply["MsgCnt"], count);
        world.say(ME, "C2Ca", "new").unwrap();
        assert_eq!(client.members("Work"), ["C2Ca"]);
    }
}

#[tokio::test]
async fn the_log_has_what_when_and_how_often() {
    let client = Client::with_users(&["a"]).await;
    let world = client.emulator.world();
    world.set_now(2_000_000_000);
    client.ok(TOP, top(1, json!([user("a")]))).await;
    let write = client.writes().remove(0);
    assert_eq!((write.command, write.changed), (TOP, true));
    assert!((2_000_000_000..2_000_000_060).contains(&write.time));
    assert_eq!(write.change, pinned("C2Ca"));
    assert_eq!(write.change.conversation(), Some("C2Ca"));
    assert_eq!(Change::GroupDeleted { group: "Work".into() }.conversation(), None);
    assert!(world.writes("administrator").unwrap().is_empty(), "another account");
    assert!(matches!(world.writes("nobody"), Err(Error::UnknownAccount(_))));
    client.refused(TOP, top(3, json!([user("a")]))).await;
    assert_eq!(client.writes().len(), 1, "what was refused was not applied");
    world.forget_writes(ME).unwrap();
    assert!(client.writes().is_empty());
}
