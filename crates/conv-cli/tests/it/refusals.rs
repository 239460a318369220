//! Changes that are refused, all or some: the lists of the SDK, and the exit code of the first.

use conv_emulator::{Fault, Rule};
use serde_json::json;

use crate::support::{Cloud, offline, pulled};

#[test]
fn a_refusal_of_the_cloud_is_the_commands_failure_and_leaves_nothing_behind() {
    let (cloud, id) = pulled(10);
    let refused = || Rule::once(Fault::Code(50_002)).on("recentcontact/top");
    cloud.emulator.faults().push(refused());
    let ended = cloud.run(&["pin", &id, "--json"]);
    let data = ended.failed_data(2, "invalid_argument");
    assert_eq!((&ended.json()["code"], &data["isSent"]), (&50_002.into(), &false.into()));
    assert_eq!(data["failureConversationIDList"][0]["conversationID"], id.as_str());
    assert_eq!(data["pending"], json!([]));
    let outbox = cloud.run(&["outbox", "list", "--json"]).data();
    assert_eq!(outbox["pending"], json!([]));
    cloud.emulator.faults().push(refused());
    let words = cloud.run(&["pin", &id]);
    assert_eq!((words.code, words.out.as_str()), (Some(2), ""));
    assert!(words.err.starts_with(&format!("conv: not pinned {id}: ")), "{words:?}");
}

#[test]
fn every_unknown_conversation_is_named_and_the_others_are_changed() {
    let (cloud, id) = pulled(10);
    let ended = cloud.run(&["pin", "C2Cnobody", &id, "C2Cnone", "C2Cnobody", "--json"]);
    let data = ended.failed_data(3, "not_found");
    assert_eq!((&ended.json()["code"], &data["isSent"]), (&2500.into(), &true.into()));
    assert_eq!(data["successConversationIDList"], json!([id]));
    let failed = data["failureConversationIDList"].as_array().unwrap();
    let failed: Vec<_> = failed.iter().map(|one| (&one["conversationID"], &one["code"])).collect();
    let code = json!(2500);
    assert_eq!(failed, [(&json!("C2Cnobody"), &code), (&json!("C2Cnone"), &code)]);
    let message = "not pinned C2Cnobody, C2Cnone: the list has no such conversation (2500)";
    assert_eq!(ended.json()["message"], message);
    let words = cloud.run(&["unpin", "C2Cnobody", &id]);
    assert_eq!((words.code, words.out), (Some(3), format!("unpinned {id}\n")));

    for command in [&["mark", "star"][..], &["custom-data", "vip"], &["delete"], &["read"]] {
        let ended = cloud.run(&[command, &["C2Cnobody", "C2Cnone", "--json"]].concat());
        let data = ended.failed_data(3, "not_found");
        assert_eq!(data["failureConversationIDList"].as_array().unwrap().len(), 2, "{ended:?}");
        assert_eq!(
            (&data["isSent"], &data["successConversationIDList"]),
            (&false.into(), &json!([]))
        );
    }
}

#[test]
fn groups_cannot_be_read_and_users_can() {
    let (cloud, id) = pulled(20);
    for run in [|cloud: &Cloud, words: &[&str]| cloud.run(words), offline] {
        let ended = run(&cloud, &["read", "GROUPwork-1", &id, "--json"]);
        let data = ended.failed_data(7, "unsupported");
        assert_eq!(
            (&ended.json()["code"], &data["successConversationIDList"]),
            (&3122.into(), &json!([id]))
        );
        let message = ended.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("conversations with users (C2C…) can be"), "{message}");
    }
}

#[test]
fn a_mark_is_spelt_as_the_table_shows_it() {
    let (cloud, id) = pulled(10);
    cloud.run(&["mark", "2^46", &id, "--json"]).data();
    let table = cloud.run(&["list", "--mark", "2^46"]).out;
    assert!(table.contains(&id) && table.contains("2^46"), "{table}");
    let none = cloud.run(&["mark", "none", &id, "--json"]);
    assert_eq!(none.failed(2), "invalid_argument");
    assert!(!none.json()["message"].as_str().unwrap().contains("none,"), "{none:?}");
    let reserved = cloud.run(&["mark", "2^5", &id, "--json"]);
    assert_eq!(reserved.failed_data(2, "invalid_argument")["isSent"], false);
}

#[test]
fn a_command_that_does_not_fit_a_change_names_its_state() {
    let (cloud, id) = pulled(10);
    offline(&cloud, &["pin", &id, "--json"]).data();
    let retry = offline(&cloud, &["outbox", "retry", "1", "--json"]);
    assert_eq!(retry.failed(2), "invalid_argument");
    let message = "change 1 is queued, not failed: `conv outbox flush` sends it";
    assert_eq!(retry.json()["message"], message);
    cloud.run(&["outbox", "flush", "--json"]).data();
    let table = cloud.run(&["outbox", "list"]).out;
    assert!(table.contains("1 change settling (1)") && !table.contains(" sent"), "{table}");
    let retry = offline(&cloud, &["outbox", "retry", "1", "--json"]);
    assert_eq!(retry.failed(2), "invalid_argument");
    let message = "change 1 is settling, not failed: there is nothing to retry";
    assert_eq!(retry.json()["message"], message);
    // Its answer is lost: the cloud may have it.
    cloud.emulator.faults().push("reset,on=mark_contact".parse().unwrap());
    cloud.run(&["custom-data", "vip", &id, "--timeout", "1", "--json"]).failed_data(5, "transient");
    let dropped = offline(&cloud, &["outbox", "drop", "2", "--json"]);
    assert_eq!(dropped.failed(2), "invalid_argument");
    let message = dropped.json()["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("the cloud may have it, and it cannot be dropped"), "{message}");
}
