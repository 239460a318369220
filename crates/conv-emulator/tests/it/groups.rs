use conv_emulator::{Emulator, GroupType};
use serde_json::json;

use crate::client::{Client, ME};

const INFO: &str = "group_open_http_svc/get_group_info";
const JOINED: &str = "group_open_http_svc/get_joined_group_list";

#[tokio::test]
async fn each_group_has_a_result_of_its_own() {
    let client = Client::of(Emulator::builder()).await;
    let world = client.emulator.world();
    world.add_group("@TGS#1", GroupType::Public, "团队");
    world.add_group("secret", GroupType::Work, "s");
    world.hide_group("secret", true).unwrap();
    world.add_group("gone", GroupType::Work, "g");
    world.dissolve_group("gone").unwrap();
    let reply = client
        .ok(INFO, json!({"GroupIdList": ["@TGS#1", "secret", "gone", "never", "日本"]}))
        .await;
    let groups = reply["GroupInfo"].as_array().unwrap();
    let codes: Vec<_> = groups.iter().map(|group| group["ErrorCode"].as_u64().unwrap()).collect();
    assert_eq!(codes, [0, 10007, 10010, 10010, 10015]);
    assert_eq!(groups[0]["Name"], "团队");
    assert_eq!(groups[0]["Type"], "Public");
    assert_eq!(groups[0]["Appid"], 1_400_000_000);
    assert!(groups[0].get("MemberList").is_none());
    assert!(reply.get("ErrorDisplay").is_none());
}

#[tokio::test]
async fn only_the_fields_asked_for_are_returned() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.world().add_group("g", GroupType::Meeting, "m");
    let body = json!({"GroupIdList": ["g"], "ResponseFilter": {
        "GroupBaseInfoFilter": ["Type", "Name"], "MemberInfoFilter": ["Role"]}});
    let reply = client.ok(INFO, body).await;
    let expected = json!([{"GroupId": "g", "ErrorCode": 0, "ErrorInfo": "", "Type": "ChatRoom",
        "Name": "m", "MemberList": [{"Member_Account": "administrator", "Role": "Owner"}]}]);
    assert_eq!(reply["GroupInfo"], expected);
}

#[tokio::test]
async fn at_most_fifty_groups_are_told_at_once() {
    let client = Client::of(Emulator::builder()).await;
    let body = |count: usize| json!({"GroupIdList": vec!["live-1"; count]});
    client.ok(INFO, body(50)).await;
    assert_eq!(client.refused(INFO, body(51)).await, 10004);
    assert_eq!(client.refused(INFO, body(0)).await, 10004);
}

#[tokio::test]
async fn joined_groups_carry_the_accounts_own_unread_counts() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    for (id, kind) in [
        ("work", GroupType::Work),
        ("live", GroupType::AvChatRoom),
        ("@TGS#_c", GroupType::Community),
        ("@TGS#_c@TOPIC#_t", GroupType::Community),
    ] {
        world.add_group(id, kind, id);
        world.insert(ME, &format!("GROUP{id}"), 10).unwrap();
        world.set_unread(ME, &format!("GROUP{id}"), 4).unwrap();
    }
    let filter = json!({"GroupBaseInfoFilter": ["Type"], "SelfInfoFilter": ["UnreadMsgNum"]});
    let reply = client.ok(JOINED, json!({"Member_Account": ME, "ResponseFilter": filter})).await;
    let expected = json!([
        {"GroupId": "@TGS#_c", "Type": "Community", "SelfInfo": {"UnreadMsgNum": 4}},
        {"GroupId": "work", "Type": "Private", "SelfInfo": {"UnreadMsgNum": 4}},
    ]);
    assert_eq!(reply["GroupIdList"], expected);
    assert_eq!(reply["TotalCount"], 2);
    let huge = client.ok(JOINED, json!({"Member_Account": ME, "WithHugeGroups": 1})).await;
    assert_eq!(huge["TotalCount"], 3);
    let page = json!({"Member_Account": ME, "Limit": 1, "Offset": 1, "GroupType": "Private"});
    assert_eq!(client.ok(JOINED, page).await["GroupIdList"], json!([]));
    let page = json!({"Member_Account": ME, "Limit": 1, "Offset": 1});
    assert_eq!(client.ok(JOINED, page).await["GroupIdList"], json!([{"GroupId": "work"}]));
    assert_eq!(client.refused(JOINED, json!({"Member_Account": "nobody"})).await, 10019);
}
