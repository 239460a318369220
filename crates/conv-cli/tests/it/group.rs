//! `conv group`.

use serde_json::json;

use crate::support::{offline, pulled};

#[test]
fn groups_are_listed_with_what_is_in_them() {
    let (cloud, id) = pulled(20);
    cloud.run(&["group", "create", "Press", &id, "--json"]).data();
    let data = offline(&cloud, &["group", "list", "--json"]).data();
    let groups = data["conversationGroupList"].as_array().unwrap();
    let press = groups.iter().find(|group| group["groupName"] == "Press").unwrap();
    assert_eq!(press["conversations"], 1);
    assert!(press["unread"].is_u64() && data["isSyncCompleted"] == false, "{data}");
    let table = offline(&cloud, &["group", "list"]).out;
    let words: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["GROUP", "CONVERSATIONS", "UNREAD"]);
    assert!(words.iter().any(|line| line[..2] == ["Press", "1"]), "{table}");
    let last = table.lines().last().unwrap();
    assert!(last.starts_with(&format!("{} groups, ", groups.len())), "{table}");
}

#[test]
fn a_group_as_a_whole_is_answered_without_lists() {
    let (cloud, id) = pulled(10);
    cloud.run(&["group", "create", "Press", &id, "--json"]).data();
    for arguments in [&["rename", "Press", "Media"][..], &["delete", "Media"]] {
        let data = cloud.run(&[&["group"], arguments, &["--json"]].concat()).data();
        let mut members: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort();
        assert_eq!((members, &data["isSent"]), (vec!["isSent", "pending"], &json!(true)));
    }
}

#[test]
fn its_own_name_is_nothing_to_send() {
    let (cloud, id) = pulled(10);
    offline(&cloud, &["group", "create", "Press", &id, "--json"]).data();
    let data = offline(&cloud, &["group", "rename", "Press", "Press", "--json"]).data();
    assert_eq!((&data["isSent"], &data["pending"]), (&true.into(), &json!([])));
    let missing = offline(&cloud, &["group", "rename", "None", "None", "--json"]);
    assert_eq!(missing.failed(3), "not_found");
}

#[test]
fn a_name_with_a_control_character_is_refused() {
    let (cloud, id) = pulled(10);
    let created = offline(&cloud, &["group", "create", "two\nlines", &id, "--json"]);
    let data = created.failed_data(2, "invalid_argument");
    assert_eq!(data["successConversationIDList"], json!([]));
    offline(&cloud, &["group", "create", "Press", &id, "--json"]).data();
    let renamed = offline(&cloud, &["group", "rename", "Press", "bell\u{7}", "--json"]);
    assert_eq!(renamed.failed(2), "invalid_argument");
    let words = "group name \"bell\\u{7}\" contains a control character";
    assert_eq!(renamed.json()["message"], words);
}
