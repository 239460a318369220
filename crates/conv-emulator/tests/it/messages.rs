//! Messages that are recalled, deleted, cleared, or never kept.

use std::time::Duration;

use conv_emulator::{Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Client, ME};

const ROAM: &str = "openim/admin_getroammsg";
const GROUP: &str = "group_open_http_svc/group_msg_get_simple";

impl Client {
    /// The messages of the user `a`.
    pub(crate) async fn of_user(&self) -> Value {
        let body = json!({"Operator_Account": ME, "Peer_Account": "a", "MaxCnt": 1, "MinTime": 0,
            "MaxTime": u32::MAX});
        self.ok(ROAM, body).await
    }

    /// The messages of the group `g`, recalled ones too.
    pub(crate) async fn of_group(&self) -> Value {
        let body = json!({"GroupId": "g", "ReqMsgNumber": 1, "WithRecalledMsg": 1});
        self.ok(GROUP, body).await["RspMsgList"].clone()
    }
}

fn text(message: &Value) -> &Value {
    &message["MsgBody"][0]["MsgContent"]["Text"]
}

/// An account with a message from the user `a` and one in the group `g`.
async fn client() -> Client {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.say(ME, "C2Ca", "secret").unwrap();
    world.say(ME, "GROUPg", "secret").unwrap();
    client
}

#[tokio::test]
async fn a_recalled_message_says_so_and_still_has_its_text() {
    let client = client().await;
    let world = client.emulator.world();
    assert_eq!(client.of_user().await["MsgList"][0]["MsgFlagBits"], 0);
    assert_eq!(client.of_group().await[0]["IsPlaceMsg"], 0);
    let before = client.list().await;
    for id in ["C2Ca", "GROUPg"] {
        world.recall_last_message(ME, id).unwrap();
    }
    let user = client.of_user().await;
    assert_eq!(user["MsgList"][0]["MsgFlagBits"], 8);
    assert_eq!(text(&user["MsgList"][0]), "secret");
    let group = client.of_group().await;
    assert_eq!(group[0]["IsPlaceMsg"], 2);
    assert_eq!(text(&group[0]), "secret");
    assert_eq!(client.list().await, before, "the row stays where it was");

    let body = json!({"GroupId": "g", "ReqMsgNumber": 1});
    assert_eq!(client.ok(GROUP, body).await["RspMsgList"], json!([]), "unless it is asked for");
    world.say(ME, "C2Ca", "next").unwrap();
    assert_eq!(client.of_user().await["MsgList"][0]["MsgFlagBits"], 0);
}

#[tokio::test]
async fn a_deleted_message_is_gone_or_a_placeholder() {
    let client = client().await;
    let before = client.list().await;
    for id in ["C2Ca", "GROUPg"] {
        client.emulator.world().delete_last_message(ME, id).unwrap();
    }
    let user = client.of_user().await;
    assert_eq!((&user["MsgList"], &user["MsgCnt"]), (&json!([]), &json!(0)));
    let group = client.of_group().await;
    assert_eq!((&group[0]["IsPlaceMsg"], &group[0]["MsgBody"]), (&json!(1), &json!([])));
    assert_eq!(client.list().await, before);
}

#[tokio::test]
async fn a_cleared_history_is_empty_and_its_conversation_stays() {
    let client = client().await;
    let world = client.emulator.world();
    let before = client.list().await;
    for id in ["C2Ca", "GROUPg"] {
        world.clear_history(ME, id).unwrap();
    }
    assert_eq!(client.of_user().await["MsgList"], json!([]));
    assert_eq!(client.of_group().await, json!([]));
    assert_eq!(client.list().await, before);
    assert!(world.listing(ME).unwrap().iter().all(|row| row.unread == 0));
    world.say(ME, "GROUPg", "again").unwrap();
    assert_eq!(text(&client.of_group().await[0]), "again");
}

#[tokio::test]
async fn an_online_only_message_moves_the_row_and_is_in_no_history() {
    let client = client().await;
    let world = client.emulator.world();
    world.advance(Duration::from_secs(60));
    for id in ["C2Ca", "GROUPg"] {
        let time = world.say_online_only(ME, id).unwrap();
        let row = client.list().await.into_iter().find(|row| row.0 == id).unwrap();
        assert_eq!(row.1, time);
    }
    let kept = [client.of_user().await["MsgList"][0].clone(), client.of_group().await[0].clone()];
    for message in kept {
        assert_eq!(text(&message), "secret");
        assert!(message["MsgTimeStamp"].as_u64().unwrap() <= world.now() - 60);
    }
    assert!(world.listing(ME).unwrap().iter().all(|row| row.unread == 1));
}

#[tokio::test]
async fn stored_messages_change_only_in_an_existing_conversation() {
    let world = client().await.emulator.world();
    for id in ["C2Cb", "GROUPh"] {
        assert!(world.recall_last_message(ME, id).is_err());
        assert!(world.delete_last_message(ME, id).is_err());
        assert!(world.clear_history(ME, id).is_err());
        assert!(world.say_online_only(ME, id).is_err());
    }
}

#[tokio::test]
async fn faults_say_the_same_of_all_messages_for_some_calls() {
    let client = client().await;
    let faults = client.emulator.faults();
    faults.push(Rule::times(1, Fault::Recalled).on(ROAM));
    faults.push(Rule::times(1, Fault::Recalled).on(GROUP));
    assert_eq!(client.of_user().await["MsgList"][0]["MsgFlagBits"], 8);
    assert_eq!(client.of_user().await["MsgList"][0]["MsgFlagBits"], 0);
    let group = client.of_group().await;
    assert_eq!((&group[0]["IsPlaceMsg"], text(&group[0])), (&json!(2), &json!("secret")));
    faults.clear();

    faults.push(Rule::always(Fault::Deleted));
    let user = client.of_user().await;
    assert_eq!((&user["MsgList"], &user["MsgCnt"]), (&json!([]), &json!(0)));
    let group = client.of_group().await;
    assert_eq!((&group[0]["IsPlaceMsg"], &group[0]["MsgBody"]), (&json!(1), &json!([])));
    faults.clear();

    faults.push(Rule::always(Fault::NoMessages));
    assert_eq!(client.of_user().await["MsgList"], json!([]));
    assert_eq!(client.of_group().await, json!([]));
    faults.clear();

    faults.push(Rule::always(Fault::Texts("other".into())));
    assert_eq!(text(&client.of_user().await["MsgList"][0]), "other");
    assert_eq!(text(&client.of_group().await[0]), "other");
    faults.clear();

    let before = client.list().await;
    faults.push(Rule::always(Fault::NewerRows(30)));
    for ((id, time, _), honest) in client.list().await.into_iter().zip(before) {
        assert_eq!((id, time), (honest.0, honest.1 + 30));
    }
    assert_eq!(client.of_user().await["MsgList"][0]["MsgTimeStamp"], client.truth()[0].1);
}
