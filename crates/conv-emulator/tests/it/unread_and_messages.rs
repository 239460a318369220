use std::time::Duration;

use conv_emulator::{Emulator, GroupType};
use serde_json::{Value, json};

use crate::client::{Client, ME};

const UNREAD: &str = "openim/get_c2c_unread_msg_num";
const ROAM: &str = "openim/admin_getroammsg";
const GROUP: &str = "group_open_http_svc/group_msg_get_simple";

#[tokio::test]
async fn unread_counts_come_for_all_or_by_peer() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2Ca", 10).unwrap();
    world.set_unread(ME, "C2Ca", 3).unwrap();
    world.touch(ME, "C2Cb").unwrap();
    world.touch(ME, "GROUPg").unwrap();
    let all = client.ok(UNREAD, json!({"To_Account": ME})).await;
    assert_eq!(all["AllC2CUnreadMsgNum"], 4);
    let body = json!({"To_Account": ME, "Peer_Account": ["a", "b", "nobody"]});
    let some = client.ok(UNREAD, body).await;
    let expected = json!([{"Peer_Account": "a", "C2CUnreadMsgNum": 3},
        {"Peer_Account": "b", "C2CUnreadMsgNum": 1}]);
    assert_eq!(some["C2CUnreadMsgNumList"], expected);
    assert_eq!(some["ErrorList"], json!([{"Peer_Account": "nobody", "ErrorCode": 70107}]));
}

#[tokio::test]
async fn at_most_ten_peers_are_counted_at_once() {
    let client = Client::of(Emulator::builder()).await;
    let body = |count: usize| json!({"To_Account": ME, "Peer_Account": vec!["user_0002"; count]});
    client.ok(UNREAD, body(10)).await;
    assert_eq!(client.refused(UNREAD, body(11)).await, 90001);
    assert_eq!(client.refused(UNREAD, json!({"To_Account": "nobody"})).await, 70107);
}

fn roam(peer: &str, min: u64, max: u64) -> Value {
    json!({"Operator_Account": ME, "Peer_Account": peer, "MaxCnt": 1, "MinTime": min,
        "MaxTime": max})
}

#[tokio::test]
async fn the_last_message_of_a_user_is_told_in_its_time() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    let time = world.say(ME, "C2Ca", "你好").unwrap();
    let reply = client.ok(ROAM, roam("a", 0, u64::from(u32::MAX))).await;
    assert_eq!((&reply["Complete"], &reply["MsgCnt"]), (&json!(1), &json!(1)));
    assert_eq!(reply["LastMsgTime"], time);
    let message = &reply["MsgList"][0];
    assert_eq!(message["MsgTimeStamp"], time);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "你好"}}]);
    assert_eq!(message["MsgBody"], text);
    let key = format!("{}_{}_{time}", message["MsgSeq"], message["MsgRandom"]);
    assert_eq!(message["MsgKey"], key);

    assert_eq!(client.ok(ROAM, roam("a", 0, time - 1)).await["MsgList"], json!([]));
    world.set_empty(ME, "C2Ca", true).unwrap();
    assert_eq!(client.ok(ROAM, roam("a", 0, time)).await["MsgCnt"], 0);
    assert_eq!(client.refused(ROAM, roam("nobody", 0, 1)).await, 70107);
}

#[tokio::test]
async fn the_last_message_of_a_group_is_told_but_not_of_a_live_one() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.add_group("live", GroupType::AvChatRoom, "l");
    let time = world.say(ME, "GROUPg", "hi").unwrap();
    let reply = client.ok(GROUP, json!({"GroupId": "g", "ReqMsgNumber": 1})).await;
    assert_eq!(reply["IsFinished"], 1);
    assert_eq!(reply["RspMsgList"][0]["MsgTimeStamp"], time);
    assert_eq!(reply["RspMsgList"][0]["MsgBody"][0]["MsgContent"]["Text"], "hi");
    let lower = world.recall(ME, "GROUPg", Duration::from_secs(5)).unwrap();
    assert_eq!(lower, time - 5);
    let reply = client.ok(GROUP, json!({"GroupId": "g", "ReqMsgNumber": 1})).await;
    assert_eq!(reply["RspMsgList"][0]["MsgTimeStamp"], lower);
    let live = json!({"GroupId": "live", "ReqMsgNumber": 1});
    assert_eq!(client.refused(GROUP, live).await, 10007);
    let never = json!({"GroupId": "never", "ReqMsgNumber": 1});
    assert_eq!(client.refused(GROUP, never).await, 10010);
}

#[tokio::test]
async fn times_of_last_messages_equal_the_times_of_the_list() {
    let client = Client::of(Emulator::builder().conversations(40)).await;
    for row in client.emulator.world().listing(ME).unwrap() {
        if let Some(user) = row.id.strip_prefix("C2C") {
            let reply = client.ok(ROAM, roam(user, 0, u64::from(u32::MAX))).await;
            assert!(reply["MsgCnt"] == 0 || reply["LastMsgTime"] == row.time);
        } else if let Some(group) = row.id.strip_prefix("GROUP") {
            let reply = client.call(GROUP, json!({"GroupId": group, "ReqMsgNumber": 1})).await;
            if reply["ErrorCode"] == 0 {
                assert_eq!(reply["RspMsgList"][0]["MsgTimeStamp"], row.time);
            }
        }
    }
}
