use conv_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, ME, list_request};

const GET: &str = "recentcontact/get_contact_group";
const SEARCH: &str = "recentcontact/search_contact_group";
const CREATE: &str = "recentcontact/create_contact_group";
const UPDATE: &str = "recentcontact/update_contact_group";
const DELETE_GROUP: &str = "recentcontact/del_contact_group";
const MARK: &str = "recentcontact/mark_contact";
const DELETE: &str = "recentcontact/delete";

fn user(id: &str) -> Value {
    json!({"Type": 1, "To_Account": id})
}

fn create(name: &str, items: Value) -> Value {
    json!({"From_Account": ME, "GroupContactItem": [{"GroupName": name, "ContactItem": items}]})
}

#[tokio::test]
async fn labels_are_paged_by_index_and_groups_are_named() {
    let client = Client::of(Emulator::builder().conversations(200).page_size(7)).await;
    let world = client.emulator.world();
    world.set_plan_limit(500);
    let (mut start, mut members) = (json!(0), Vec::new());
    loop {
        let page = client.ok(GET, json!({"From_Account": ME, "StartIndex": start})).await;
        let items = page["ContactItem"].as_array().unwrap().clone();
        assert!(items.len() <= 7);
        let names = page["GroupItem"].as_array().unwrap();
        let suppliers = names.iter().find(|group| group["GroupName"] == "Suppliers").unwrap();
        let id = &suppliers["GroupId"];
        for item in items {
            assert!(item["Timestamp"].as_u64().unwrap() > 0);
            if item["ContactGroupId"].as_array().is_some_and(|ids| ids.contains(id)) {
                members.push(match item["Type"].as_u64().unwrap() {
                    1 => format!("C2C{}", item["To_Account"].as_str().unwrap()),
                    _ => format!("GROUP{}", item["ToGroupId"].as_str().unwrap()),
                });
            }
        }
        if page["CompleteFlag"] == 1 {
            break;
        }
        start = page["NextStartIndex"].clone();
    }
    let listing = world.listing(ME).unwrap();
    let expected = listing.iter().filter(|row| row.groups.iter().any(|name| name == "Suppliers"));
    let mut expected: Vec<_> = expected.map(|row| row.id.clone()).collect();
    expected.sort();
    members.sort();
    assert!(!members.is_empty());
    assert_eq!(members, expected);
}

#[tokio::test]
async fn a_group_is_created_filled_renamed_and_deleted() {
    let client = Client::empty().await;
    let items = json!([user("a"), {"Type": 2, "ToGroupId": "@TGS#1"}]);
    let reply = client.ok(CREATE, create("VIP", items.clone())).await;
    let expected = json!([{
        "GroupItem": {"GroupName": "VIP", "GroupId": 1},
        "ResultItem": [
            {"ContactItem": items[0], "ResultCode": 0, "ResultInfo": ""},
            {"ContactItem": items[1], "ResultCode": 0, "ResultInfo": ""},
        ],
    }]);
    assert_eq!(reply["GroupResultItem"], expected);

    let members = json!({"From_Account": ME, "UpdateType": 1, "UpdateGroup": {
    "UpdateGroupType": 2, "OldGroupName": "VIP", "ContactUpdateItem": [
        {"ContactOptType": 1, "ContactItem": user("b")},
        {"ContactOptType": 2, "ContactItem": user("a")},
    ]}});
    let reply = client.ok(UPDATE, members).await;
    assert_eq!(reply["UpdateGroupResult"]["ContactResultItem"][1]["ContactOptType"], 2);

    let rename = json!({"From_Account": ME, "UpdateType": 1, "UpdateGroup": {
        "UpdateGroupType": 1, "OldGroupName": "VIP", "NewGroupName": "Gold"}});
    let result = &client.ok(UPDATE, rename).await["UpdateGroupResult"];
    assert_eq!(result["GroupName"], "Gold");
    assert_eq!(result["OldGroupName"], "VIP");
    assert_eq!(result["GroupId"], 1);

    let found =
        client.ok(SEARCH, json!({"From_Account": ME, "ContactItem": [user("a"), user("b")]})).await;
    assert!(found["ContactResultItem"][0].get("ContactGroupId").is_none());
    assert_eq!(found["ContactResultItem"][1]["ContactGroupId"], json!([1]));
    assert_eq!(found["GroupItem"], json!([{"GroupName": "Gold", "GroupId": 1}]));

    let delete = json!({"From_Account": ME, "GroupName": ["Gold"]});
    let reply = client.ok(DELETE_GROUP, delete.clone()).await;
    assert_eq!(reply["GroupItem"], json!([{"GroupName": "Gold", "GroupId": 1}]));
    assert_eq!(client.refused(DELETE_GROUP, delete).await, 51009);
}

#[tokio::test]
async fn groups_have_their_documented_limits() {
    let client = Client::empty().await;
    let many: Vec<Value> = (0..101).map(|n| user(&format!("u{n}"))).collect();
    assert_eq!(client.refused(CREATE, create("many", json!(many))).await, 51006);
    for name in ["", &"n".repeat(33)] {
        assert_eq!(client.refused(CREATE, create(name, json!([]))).await, 51011);
    }
    for n in 0..20 {
        client.ok(CREATE, create(&format!("group {n}"), json!([user("a")]))).await;
    }
    assert_eq!(client.refused(CREATE, create("one more", json!([user("a")]))).await, 51010);
    assert_eq!(client.refused(CREATE, create("group 1", json!([user("a")]))).await, 51007);
    let many = json!({"From_Account": ME, "ContactItem": vec![user("a"); 301]});
    assert_eq!(client.refused(SEARCH, many).await, 50002);
}

#[tokio::test]
async fn marks_are_set_by_their_places_and_custom_texts_beside() {
    let client = Client::empty().await;
    client.emulator.world().insert(ME, "C2Ca", 10).unwrap();
    let mark = |item: Value| json!({"From_Account": ME, "MarkItem": [item]});
    let set = json!({"OptType": 3, "ContactItem": user("a"), "SetMark": [0, 3, 40],
        "CustomMark": "crm:1"});
    let reply = client.ok(MARK, mark(set)).await;
    let expected =
        json!([{"OptType": 3, "ContactItem": user("a"), "ResultCode": 0, "ResultInfo": ""}]);
    assert_eq!(reply["ResultItem"], expected);
    let row = &client.emulator.world().listing(ME).unwrap()[0];
    assert_eq!(row.marks, 1 | 8 | 1 << 40);
    assert_eq!(row.custom_mark, "crm:1");

    let clear = json!({"OptType": 3, "ContactItem": user("a"), "ClearMark": [0, 40],
        "CustomMark": ""});
    client.ok(MARK, mark(clear)).await;
    let page = client.ok(GET_LIST, list_request(None, 63)).await;
    assert_eq!(page["SessionItem"][0]["StandardMark"], "1000");
    assert!(page["SessionItem"][0].get("CustomMark").is_none());

    let bad = json!({"OptType": 1, "ContactItem": user("a"), "SetMark": [64]});
    assert_eq!(client.refused(MARK, mark(bad.clone())).await, 50002);
    let many = json!({"From_Account": ME, "MarkItem": vec![bad; 101]});
    assert_eq!(client.refused(MARK, many).await, 51006);
}

#[tokio::test]
async fn no_more_than_a_thousand_conversations_are_marked() {
    let client = Client::empty().await;
    for n in 0..1000 {
        client.emulator.world().mark(ME, &format!("C2Cu{n}"), 1, 0).unwrap();
    }
    let item = |id: &str| json!({"OptType": 1, "ContactItem": user(id), "SetMark": [1]});
    let body = json!({"From_Account": ME, "MarkItem": [item("u5"), item("new")]});
    let reply = client.ok(MARK, body).await;
    assert_eq!(reply["ResultItem"][0]["ResultCode"], 0);
    assert_eq!(reply["ResultItem"][1]["ResultCode"], 51008);
}

#[tokio::test]
async fn a_conversation_is_deleted_by_the_spelling_of_that_command_alone() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2Ca", 10).unwrap();
    world.insert(ME, "GROUPg", 10).unwrap();
    world.group(ME, "GROUPg", "VIP").unwrap();
    let group = |field: &str| json!({"From_Account": ME, "Type": 2, field: "g"});
    assert_eq!(client.refused(DELETE, group("ToGroupId")).await, 50002);
    client.ok(DELETE, group("ToGroupid")).await;
    client
        .ok(DELETE, json!({"From_Account": ME, "Type": 1, "To_Account": "a", "ClearRamble": 1}))
        .await;
    assert!(world.listing(ME).unwrap().is_empty());
    let labels = client.ok(GET, json!({"From_Account": ME, "StartIndex": 0})).await;
    assert_eq!(labels["ContactItem"][0]["ToGroupId"], "g", "groups outlive the row");
    assert_eq!(
        client
            .refused(
                DELETE,
                json!({"From_Account": "nobody", "Type": 1,
        "To_Account": "a"})
            )
            .await,
        50001
    );
}
