//! Chat groups that an account leaves, joins, or sees dissolved.

use std::time::Duration;

use conv_emulator::{Emulator, Error, Fault, GroupType, Rule};
use serde_json::{Value, json};

use crate::client::{Client, ME};

const JOINED: &str = "group_open_http_svc/get_joined_group_list";
const INFO: &str = "group_open_http_svc/get_group_info";
const MESSAGES: &str = "group_open_http_svc/group_msg_get_simple";

/// The joined groups, each with its time.
async fn joined(client: &Client) -> Vec<(String, u64)> {
    let filter = json!({"SelfInfoFilter": ["JoinTime"]});
    let body = json!({"Member_Account": ME, "ResponseFilter": filter});
    let reply = client.ok(JOINED, body).await;
    let groups = reply["GroupIdList"].as_array().unwrap();
    assert_eq!(reply["TotalCount"], groups.len());
    let row = |group: &Value| {
        let id = group["GroupId"].as_str().unwrap().to_owned();
        (id, group["SelfInfo"]["JoinTime"].as_u64().unwrap())
    };
    groups.iter().map(row).collect()
}

async fn message_time(client: &Client) -> u64 {
    let reply = client.ok(MESSAGES, json!({"GroupId": "g", "ReqMsgNumber": 1})).await;
    reply["RspMsgList"][0]["MsgTimeStamp"].as_u64().unwrap()
}

async fn client() -> Client {
    let client = Client::empty().await;
    client.emulator.world().add_group("g", GroupType::Public, "Team");
    client
}

#[tokio::test]
async fn a_group_that_is_left_is_not_joined_and_its_row_stays_where_it_was() {
    let client = client().await;
    let world = client.emulator.world();
    let created = world.now();
    let before = world.say(ME, "GROUPg", "hi").unwrap();
    assert_eq!(joined(&client).await, [("g".to_owned(), created)]);

    world.leave(ME, "g").unwrap();
    assert!(joined(&client).await.is_empty());
    world.advance(Duration::from_secs(60));
    let after = world.say_to_group("g", "not for those who left").unwrap();
    assert_eq!(message_time(&client).await, after);
    assert_eq!(client.list().await, [("GROUPg".to_owned(), before, false)]);
    assert_eq!(world.listing(ME).unwrap()[0].unread, 1);
}

#[tokio::test]
async fn a_group_is_joined_again_after_messages_that_the_account_never_saw() {
    let client = client().await;
    let world = client.emulator.world();
    world.insert(ME, "GROUPg", 10).unwrap();
    world.leave(ME, "g").unwrap();
    let missed = world.say_to_group("g", "missed").unwrap();
    world.join(ME, "g", missed + 100).unwrap();
    assert_eq!(joined(&client).await, [("g".to_owned(), missed + 100)]);
    assert_eq!(message_time(&client).await, missed, "older than the membership");
    let seen = world.say_to_group("g", "seen").unwrap();
    assert_eq!(client.list().await, [("GROUPg".to_owned(), seen, false)]);
}

#[tokio::test]
async fn a_group_can_be_joined_without_a_conversation() {
    let client = client().await;
    let world = client.emulator.world();
    world.join(ME, "g", 500).unwrap();
    assert_eq!(joined(&client).await, [("g".to_owned(), 500)]);
    assert!(client.list().await.is_empty());
    assert!(matches!(world.join(ME, "h", 1), Err(Error::UnknownGroup(_))));
    assert!(matches!(world.leave("nobody", "g"), Err(Error::UnknownAccount(_))));
    assert!(matches!(world.say_to_group("h", "x"), Err(Error::UnknownGroup(_))));
}

#[tokio::test]
async fn members_are_counted_as_they_come_and_go() {
    let client = client().await;
    let world = client.emulator.world();
    let members = async || {
        let reply = client.ok(INFO, json!({"GroupIdList": ["g"]})).await;
        reply["GroupInfo"][0]["MemberNum"].as_u64().unwrap()
    };
    assert_eq!(members().await, 1);
    for _ in 0..2 {
        world.join(ME, "g", 1).unwrap();
        assert_eq!(members().await, 2);
    }
    for _ in 0..2 {
        world.leave(ME, "g").unwrap();
        assert_eq!(members().await, 1);
    }
}

#[tokio::test]
async fn a_dissolved_group_is_in_the_list_alone() {
    let client = client().await;
    let world = client.emulator.world();
    world.insert(ME, "GROUPg", 10).unwrap();
    client.emulator.faults().push(Rule::times(1, Fault::Dissolved("g".into())).on(JOINED));
    client.emulator.faults().push(Rule::times(1, Fault::Dissolved("g".into())).on(INFO));
    client.emulator.faults().push(Rule::times(1, Fault::Dissolved("g".into())).on(MESSAGES));
    for dissolved_by_fault in [true, false] {
        assert!(joined(&client).await.is_empty());
        let info = client.ok(INFO, json!({"GroupIdList": ["g"]})).await;
        assert_eq!(info["GroupInfo"][0]["ErrorCode"], 10010);
        let messages = json!({"GroupId": "g", "ReqMsgNumber": 1});
        assert_eq!(client.refused(MESSAGES, messages).await, 10010);
        assert_eq!(client.list().await.len(), 1);
        if dissolved_by_fault {
            assert_eq!(joined(&client).await.len(), 1, "the fault is over");
            world.dissolve_group("g").unwrap();
        }
    }
}

#[tokio::test]
async fn faults_end_and_begin_a_membership() {
    let client = Client::of(Emulator::builder()).await;
    let faults = client.emulator.faults();
    let all = joined(&client).await;
    assert!(all.iter().any(|group| group.0 == "work-1"));
    faults.push(Rule::nth(1, Fault::NotJoined("work-1".into())).on(JOINED));
    let joined_now = Fault::Joined { group: "work-1".into(), since: 1_775_000_000 };
    faults.push(Rule::nth(2, joined_now).on(JOINED));
    let without: Vec<_> = all.iter().filter(|group| group.0 != "work-1").cloned().collect();
    assert_eq!(joined(&client).await, without);
    assert!(joined(&client).await.contains(&("work-1".to_owned(), 1_775_000_000)));
    assert_eq!(joined(&client).await, all);
}
