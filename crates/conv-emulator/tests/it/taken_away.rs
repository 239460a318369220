//! Names, avatars and conversation groups that were there before.

use conv_emulator::{Emulator, Error, Fault, GroupType, Rule};
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, ME, list_request};

const PORTRAIT: &str = "profile/portrait_get";
const INFO: &str = "group_open_http_svc/get_group_info";
const LABELS: &str = "recentcontact/get_contact_group";
const NICK: &str = "Tag_Profile_IM_Nick";
const IMAGE: &str = "Tag_Profile_IM_Image";

/// The tags of a user.
async fn tags(client: &Client, user: &str) -> Value {
    let body = json!({"To_Account": [user], "TagList": [NICK, IMAGE]});
    client.ok(PORTRAIT, body).await["UserProfileItem"][0]["ProfileItem"].clone()
}

async fn group(client: &Client) -> (Value, Value) {
    let reply = client.ok(INFO, json!({"GroupIdList": ["g"]})).await;
    (reply["GroupInfo"][0]["Name"].clone(), reply["GroupInfo"][0]["FaceUrl"].clone())
}

async fn client() -> Client {
    let client = Client::of(Emulator::builder()).await;
    let world = client.emulator.world();
    world.add_user("alice", "Alice");
    world.set_avatar("alice", Some("https://a.example/1.png")).unwrap();
    world.add_group("g", GroupType::Public, "Team");
    world.set_group_avatar("g", "https://a.example/2.png").unwrap();
    client
}

#[tokio::test]
async fn a_nick_and_an_avatar_are_taken_away_with_or_without_their_tags() {
    let client = client().await;
    let world = client.emulator.world();
    let full = json!([{"Tag": NICK, "Value": "Alice"},
        {"Tag": IMAGE, "Value": "https://a.example/1.png"}]);
    assert_eq!(tags(&client, "alice").await, full);
    world.set_nick("alice", Some("")).unwrap();
    world.set_avatar("alice", Some("")).unwrap();
    let empty = json!([{"Tag": NICK, "Value": ""}, {"Tag": IMAGE, "Value": ""}]);
    assert_eq!(tags(&client, "alice").await, empty);
    world.set_nick("alice", None).unwrap();
    world.set_avatar("alice", None).unwrap();
    assert_eq!(tags(&client, "alice").await, json!([]));
    assert!(matches!(world.set_nick("nobody", None), Err(Error::UnknownAccount(_))));
    assert!(matches!(world.set_avatar("nobody", None), Err(Error::UnknownAccount(_))));
}

#[tokio::test]
async fn a_group_loses_its_name_and_its_avatar() {
    let client = client().await;
    let world = client.emulator.world();
    assert_eq!(group(&client).await, (json!("Team"), json!("https://a.example/2.png")));
    world.rename_group("g", "").unwrap();
    world.set_group_avatar("g", "").unwrap();
    assert_eq!(group(&client).await, (json!(""), json!("")));
    assert!(matches!(world.set_group_avatar("h", ""), Err(Error::UnknownGroup(_))));
}

#[tokio::test]
async fn an_avatar_may_be_huge() {
    let client = client().await;
    let url = format!("https://a.example/{}", "x".repeat(70_000));
    client.emulator.world().set_avatar("alice", Some(&url)).unwrap();
    assert_eq!(tags(&client, "alice").await[1]["Value"], json!(url));

    client.emulator.faults().push(Rule::always(Fault::HugeAvatar(70_000)));
    let body = json!({"To_Account": ["user_0002", "user_0003"], "TagList": [NICK, IMAGE]});
    let reply = client.ok(PORTRAIT, body).await;
    let bytes = |user: usize| {
        let tags = reply["UserProfileItem"][user]["ProfileItem"].as_array().unwrap();
        let image = tags.iter().find(|tag| tag["Tag"] == IMAGE);
        image.map_or(0, |tag| tag["Value"].as_str().unwrap().len())
    };
    assert_eq!(bytes(0), 70_000);
    assert!(bytes(1) < 100, "one user alone");
}

#[tokio::test]
async fn faults_take_away_all_names_and_avatars_or_give_others() {
    let client = client().await;
    let faults = client.emulator.faults();
    faults.push(Rule::always(Fault::NoNames));
    let image = json!([{"Tag": IMAGE, "Value": "https://a.example/1.png"}]);
    assert_eq!(tags(&client, "alice").await, image);
    assert_eq!(group(&client).await.0, "");
    faults.push(Rule::always(Fault::NoAvatars));
    assert_eq!(tags(&client, "alice").await, json!([]));
    assert_eq!(group(&client).await, (json!(""), json!("")));
    faults.clear();

    faults.push(Rule::always(Fault::Names("\u{200b}".into())));
    faults.push(Rule::always(Fault::Avatars(String::new())));
    let other = json!([{"Tag": NICK, "Value": "\u{200b}"}, {"Tag": IMAGE, "Value": ""}]);
    assert_eq!(tags(&client, "alice").await, other);
    assert_eq!(group(&client).await, (json!("\u{200b}"), json!("")));
    let body = json!({"To_Account": ["alice"], "TagList": ["Tag_Profile_IM_Level"]});
    let reply = client.ok(PORTRAIT, body).await;
    assert_eq!(reply["UserProfileItem"][0]["ProfileItem"], json!([]), "not asked for");
}

/// The conversation groups of the row of the user `a`, and those that have names.
async fn groups(client: &Client) -> (Value, Value) {
    let page = client.ok(GET_LIST, list_request(None, 63)).await;
    let labels = client.ok(LABELS, json!({"From_Account": ME, "StartIndex": 0})).await;
    (page["SessionItem"][0]["ContactGroupId"].clone(), labels["GroupItem"].clone())
}

#[tokio::test]
async fn a_row_leaves_its_conversation_groups_and_a_group_is_renamed() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2Ca", 10).unwrap();
    world.group(ME, "C2Ca", "VIP").unwrap();
    world.group(ME, "C2Ca", "Family").unwrap();
    let named = json!([{"GroupName": "VIP", "GroupId": 1}, {"GroupName": "Family", "GroupId": 2}]);
    assert_eq!(groups(&client).await, (json!([1, 2]), named));

    world.rename_conversation_group(ME, "VIP", "Gold").unwrap();
    let named = json!([{"GroupName": "Gold", "GroupId": 1}, {"GroupName": "Family", "GroupId": 2}]);
    assert_eq!(groups(&client).await, (json!([1, 2]), named.clone()));
    let rename = |old, new| world.rename_conversation_group(ME, old, new);
    assert!(matches!(rename("VIP", "x"), Err(Error::UnknownGroup(_))));
    assert!(matches!(rename("Gold", "Family"), Err(Error::GroupExists(_))));
    rename("Gold", "Gold").unwrap();

    client.emulator.faults().push(Rule::nth(1, Fault::NoConversationGroups).on(GET_LIST));
    let renamed = Fault::RenamedConversationGroups(" 2".into());
    client.emulator.faults().push(Rule::nth(1, renamed).on(LABELS));
    let other =
        json!([{"GroupName": "Gold 2", "GroupId": 1}, {"GroupName": "Family 2", "GroupId": 2}]);
    assert_eq!(groups(&client).await, (Value::Null, other));
    assert_eq!(groups(&client).await, (json!([1, 2]), named.clone()));

    world.ungroup_all(ME, "C2Ca").unwrap();
    assert_eq!(groups(&client).await, (Value::Null, named));
}
