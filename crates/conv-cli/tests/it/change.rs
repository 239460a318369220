//! Changes from the command line: with a cloud, and without one until the next `conv sync`.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Cloud, ids, offline, pulled};

fn pinned(cloud: &Cloud) -> Vec<String> {
    let rows = cloud.emulator.world().listing(ACCOUNT).unwrap();
    rows.iter().filter(|row| row.pinned).map(|row| row.id.clone()).collect()
}

/// Returns true if a list's `data` shows a row as pinned.
fn is_pinned(data: &Value, id: &str) -> bool {
    let rows = data["conversationList"].as_array().unwrap();
    rows.iter().any(|row| row["conversationID"] == id && row["isPinned"] == true)
}

#[test]
fn a_change_reaches_the_cloud_and_is_over_with_the_next_sync() {
    let (cloud, id) = pulled(20);
    let data = cloud.run(&["pin", &id, &id, "--json"]).data();
    assert_eq!(data["successConversationIDList"], json!([id]));
    assert_eq!(data["failureConversationIDList"], json!([]));
    assert_eq!((&data["isSent"], &data["pending"][0]["state"]), (&true.into(), &"settling".into()));
    assert!(pinned(&cloud).contains(&id));
    let outbox = cloud.run(&["outbox", "list", "--json"]).data();
    assert_eq!(outbox["report"]["settling"], 1);

    cloud.run(&["sync", "--json"]).data();
    let outbox = cloud.run(&["outbox", "list", "--json"]).data();
    assert_eq!(outbox["pending"], json!([]));
    let words = cloud.run(&["unpin", &id]);
    assert_eq!((words.code, words.out.trim()), (Some(0), format!("unpinned {id}").as_str()));
    assert!(!pinned(&cloud).contains(&id));
}

#[test]
fn without_a_cloud_a_change_waits_and_the_next_sync_sends_it() {
    let (cloud, id) = pulled(20);
    let ended = offline(&cloud, &["pin", &id]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("not sent yet"), "{ended:?}");
    assert!(!pinned(&cloud).contains(&id));
    let list = offline(&cloud, &["list", "--json"]).data();
    assert!(is_pinned(&list, &id));
    let table = offline(&cloud, &["outbox", "list"]).out;
    assert!(table.contains("queued") && table.contains("pin") && table.contains(&id), "{table}");

    cloud.run(&["sync"]);
    assert!(pinned(&cloud).contains(&id));
}

#[test]
fn every_change_arrives() {
    let (cloud, id) = pulled(20);
    let group = "GROUPwork-1";
    for arguments in [
        &["mark", "fold", &id][..],
        &["unmark", "fold", &id],
        &["mark", "star", &id, group],
        &["custom-data", "vip", &id],
        &["group", "create", "Press", &id],
        &["group", "add", "Press", group],
        &["group", "rename", "Press", "Media"],
        &["group", "remove", "Media", &id],
    ] {
        let data = cloud.run(&[arguments, &["--json"]].concat()).data();
        assert_eq!(data["isSent"], true, "{arguments:?}: {data}");
        let failed = data.get("failureConversationIDList");
        assert!(failed.is_none_or(|failed| failed == &json!([])), "{arguments:?}");
    }
    cloud.run(&["sync", "--json"]).data();
    let list = cloud.run(&["list", "--group", "Media", "--json"]).data();
    assert_eq!(ids(&list), [group]);
    let starred = cloud.run(&["list", "--mark", "star", "--json"]).data();
    assert!(ids(&starred).contains(&id));
    cloud.run(&["group", "delete", "Media", "--json"]).data();
    let gone = cloud.run(&["delete", &id, "--json"]).data();
    assert_eq!(gone["isSent"], true);
    assert!(!cloud.truth().contains(&id));
}

#[test]
fn queued_changes_can_be_dropped_and_flushed_by_hand() {
    let (cloud, id) = pulled(10);
    offline(&cloud, &["pin", &id, "--json"]).data();
    offline(&cloud, &["custom-data", "vip", &id, "--json"]).data();
    let outbox = offline(&cloud, &["outbox", "list", "--json"]).data();
    let number = outbox["pending"][0]["number"].to_string();
    assert_eq!(outbox["report"]["queued"], 2);
    for command in ["drop", "retry"] {
        let ended = offline(&cloud, &["outbox", command, &number, "98", "99", "--json"]);
        assert_eq!(ended.failed(3), "not_found");
        let message = ended.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("no change 98, 99: nothing was done"), "{message}");
    }
    let left = offline(&cloud, &["outbox", "drop", &number, "--json"]).data();
    assert_eq!(
        (&left["report"]["queued"], &left["dropped"][0]["outcome"]),
        (&1.into(), &"cancelled".into())
    );
    assert_eq!(offline(&cloud, &["outbox", "drop", "99", "--json"]).failed(3), "not_found");
    let sent = cloud.run(&["outbox", "flush", "--json"]).data();
    assert_eq!(sent["report"]["queued"], 0);
    assert!(!pinned(&cloud).contains(&id));
}

#[test]
fn a_change_that_the_cloud_acknowledged_is_dismissed() {
    let (cloud, id) = pulled(10);
    let sent = cloud.run(&["pin", &id, "--json"]).data();
    assert_eq!(sent["pending"][0]["state"], "settling");
    let number = sent["pending"][0]["number"].to_string();
    let ended = offline(&cloud, &["outbox", "drop", &number, "--json"]);
    let data = ended.data();
    assert_eq!(data["pending"], json!([]));
    assert_eq!(data["dropped"][0]["outcome"], "dismissed");
    assert!(ended.err.contains(&format!("change {number} is dismissed: the cloud has it")));
    assert!(!is_pinned(&offline(&cloud, &["list", "--json"]).data(), &id));
    assert!(pinned(&cloud).contains(&id));
}

#[test]
fn a_change_that_is_not_waited_for_is_kept_and_no_call_goes_out() {
    let (cloud, id) = pulled(10);
    let ended = cloud.run(&["pin", &id, "--no-wait", "--json"]);
    assert_eq!(
        (&ended.data()["isSent"], &ended.data()["pending"][0]["attempts"]),
        (&false.into(), &0.into())
    );
    assert!(ended.err.contains("not sent yet (--no-wait): 1 change queued (1)"), "{ended:?}");
    assert_eq!(cloud.emulator.calls().of("recentcontact/top"), 0);
    assert!(is_pinned(&cloud.run(&["list", "--json"]).data(), &id));
}

#[test]
fn a_deletion_is_given_up_for_a_newer_message_unless_an_option_says_otherwise() {
    for (option, goes) in [("give-up", false), ("keep-history", true), ("delete", true)] {
        let (cloud, id) = pulled(10);
        offline(&cloud, &["delete", &id, "--clear-history", "--if-newer", option, "--json"]).data();
        cloud.emulator.world().touch(ACCOUNT, &id).unwrap();
        let flushed = cloud.run(&["outbox", "flush", "--json"]);
        match goes {
            true => drop(flushed.data()),
            false => {
                assert!(flushed.code.is_some_and(|code| code > 0), "{flushed:?}");
                assert_eq!(flushed.json()["data"]["report"]["failed"], 1);
            }
        }
        assert_eq!(cloud.truth().contains(&id), !goes, "{option}");
    }
}
