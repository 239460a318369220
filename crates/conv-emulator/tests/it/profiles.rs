use conv_emulator::{Emulator, Fault, Rule};
use serde_json::{Value, json};

use crate::client::Client;

const PORTRAIT: &str = "profile/portrait_get";

#[tokio::test]
async fn users_answer_with_the_tags_asked_for_and_in_the_order_asked_for() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.world().add_user("alice", "爱丽丝 🐼");
    let reply = client
        .ok(PORTRAIT, json!({"To_Account": ["alice"], "TagList": ["Tag_Profile_IM_Nick"]}))
        .await;
    let sample = json!({
        "UserProfileItem": [{
            "To_Account": "alice",
            "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "爱丽丝 🐼"}],
            "ResultCode": 0, "ResultInfo": "",
        }],
        "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ErrorDisplay": "",
    });
    assert_eq!(reply, sample);
    client.emulator.world().rename_user("alice", "").unwrap();
    let tags = ["Tag_Profile_IM_Image", "Tag_Profile_IM_Nick", "Tag_Profile_IM_Level"];
    let reply = client.ok(PORTRAIT, json!({"To_Account": ["alice"], "TagList": tags})).await;
    let items = &reply["UserProfileItem"][0]["ProfileItem"];
    assert_eq!(*items, json!([{"Tag": "Tag_Profile_IM_Nick", "Value": ""}]));
}

#[tokio::test]
async fn values_are_texts_or_numbers_and_unset_fields_are_left_out() {
    let client = Client::of(Emulator::builder().conversations(150)).await;
    let users: Vec<_> = (1..=100).map(|n| format!("user_{n:04}")).collect();
    let tags = ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image", "Tag_Profile_IM_BirthDay"];
    let reply = client.ok(PORTRAIT, json!({"To_Account": users, "TagList": tags})).await;
    let items = reply["UserProfileItem"].as_array().unwrap();
    assert_eq!(items.len(), 100);
    assert!(reply.get("Fail_Account").is_none());
    let values: Vec<&Value> =
        items.iter().flat_map(|item| item["ProfileItem"].as_array().unwrap()).collect();
    assert!(values.iter().any(|item| item["Value"].is_u64()));
    assert!(values.iter().any(|item| item["Value"].is_string()));
    assert!(items.iter().any(|item| item["ProfileItem"].as_array().unwrap().len() == 1));
}

#[tokio::test]
async fn an_account_that_was_not_imported_fails_by_itself() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.world().remove_account("user_0003").unwrap();
    let users = ["user_0002", "user_0003", "nobody"];
    let body = json!({"To_Account": users, "TagList": ["Tag_Profile_IM_Nick"]});
    let reply = client.ok(PORTRAIT, body).await;
    assert_eq!(reply["UserProfileItem"][0]["ResultCode"], 0);
    assert_eq!(reply["UserProfileItem"][1]["ResultCode"], 40003);
    assert_eq!(reply["Fail_Account"], json!(["user_0003", "nobody"]));
}

#[tokio::test]
async fn limits_and_unknown_tags_are_refused() {
    let client = Client::of(Emulator::builder()).await;
    let body =
        |users: usize, tag: &str| json!({"To_Account": vec!["user_0002"; users], "TagList": [tag]});
    assert_eq!(client.refused(PORTRAIT, body(0, "Tag_Profile_IM_Nick")).await, 40002);
    client.ok(PORTRAIT, body(100, "Tag_Profile_Custom_Test")).await;
    assert_eq!(client.refused(PORTRAIT, body(101, "Tag_Profile_IM_Nick")).await, 40001);
    assert_eq!(client.refused(PORTRAIT, body(1, "Tag_Profile_IM_Nope")).await, 40009);
    assert_eq!(client.refused(PORTRAIT, json!({"To_Account": "x"})).await, 40001);
}

#[tokio::test]
async fn every_other_item_of_a_batch_can_fail_on_request() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.faults().push(Rule::always(Fault::PartialFailure));
    let users = ["user_0002", "user_0003", "user_0004"];
    let body = json!({"To_Account": users, "TagList": ["Tag_Profile_IM_Nick"]});
    let reply = client.ok(PORTRAIT, body).await;
    let codes: Vec<_> = reply["UserProfileItem"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["ResultCode"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [0, 40006, 0]);
    assert_eq!(reply["Fail_Account"], json!(["user_0003"]));
    let groups = json!({"GroupIdList": ["live-1", "work-1"]});
    let reply = client.ok("group_open_http_svc/get_group_info", groups).await;
    assert_eq!(reply["GroupInfo"][1]["ErrorCode"], 10002);
    let peers = json!({"To_Account": "user_0001", "Peer_Account": users});
    let reply = client.ok("openim/get_c2c_unread_msg_num", peers).await;
    assert_eq!(reply["C2CUnreadMsgNumList"].as_array().unwrap().len(), 2);
    assert_eq!(reply["ErrorList"][0]["Peer_Account"], "user_0003");
}
