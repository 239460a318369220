//! Changes that the cloud does not have: the reason, how far each has come, and the exit code.

use std::time::{Duration, Instant};

use conv_emulator::{Fault, Rule};
use serde_json::json;

use crate::support::{Cloud, Ended, Running, offline, pulled, run, until};

const TOP: &str = "recentcontact/top";

#[track_caller]
fn with_wrong_key(cloud: &Cloud, arguments: &[&str]) -> Ended {
    let began = Instant::now();
    let ended = run(cloud.conv(arguments).env("CONV_SECRET_KEY", "0123456789abcdef"));
    assert!(began.elapsed() < Duration::from_secs(20), "waited {:?}", began.elapsed());
    ended
}

#[track_caller]
fn without_network(cloud: &Cloud, arguments: &[&str]) -> Ended {
    run(cloud.conv(arguments).env("CONV_BASE_URL", "http://127.0.0.1:1"))
}

#[test]
fn a_wrong_key_ends_the_wait_with_the_exit_code_of_sync() {
    let (cloud, id) = pulled(10);
    let sync = with_wrong_key(&cloud, &["sync", "--json"]);
    assert_eq!(sync.failed(4), "auth");
    for command in ["pin", "delete"] {
        let ended = with_wrong_key(&cloud, &[command, &id, "--json"]);
        let data = ended.failed_data(4, "auth");
        assert_eq!(ended.json()["code"], sync.json()["code"], "{ended:?}");
        assert_eq!(
            (&data["isSent"], &data["successConversationIDList"]),
            (&false.into(), &json!([id]))
        );
        let state = data["pending"][0]["state"].as_str().unwrap();
        assert!(["held", "queued"].contains(&state), "{ended:?}");
        let words = format!("1 change {state} (");
        assert!(ended.err.contains(&words), "{ended:?}");
        assert!(ended.err.contains("`conv sync` or `conv outbox flush` sends it"), "{ended:?}");
    }
    let flush = with_wrong_key(&cloud, &["outbox", "flush", "--json"]);
    assert!(!flush.failed_data(4, "auth")["pending"].as_array().unwrap().is_empty());
    let words = with_wrong_key(&cloud, &["outbox", "flush"]);
    assert!(words.err.contains("conv: not sent: cloud refused with code 70009"), "{words:?}");
    assert!(words.err.contains("(auth, code 70009)"), "{words:?}");

    let sent = cloud.run(&["outbox", "flush", "--json"]).data();
    assert_eq!((&sent["report"]["held"], &sent["report"]["queued"]), (&0.into(), &0.into()));
    assert!(!cloud.truth().contains(&id));
}

#[test]
fn without_a_network_the_reason_and_the_state_are_shown() {
    let (cloud, id) = pulled(10);
    let sync = without_network(&cloud, &["sync", "--json"]);
    let ended = without_network(&cloud, &["pin", &id, "--timeout", "1", "--json"]);
    let data = ended.failed_data(5, "transient");
    assert_eq!(ended.json()["code"], sync.json()["code"]);
    assert_eq!((&data["isSent"], &data["pending"][0]["state"]), (&false.into(), &"queued".into()));
    let words = without_network(&cloud, &["pin", &id, "--timeout", "1"]);
    assert_eq!((words.code, words.out), (Some(5), format!("pinned {id}\n")));
    assert!(words.err.contains("conv: not sent: cloud cannot be reached"), "{}", words.err);
    let flush = without_network(&cloud, &["outbox", "flush", "--timeout", "1", "--json"]);
    assert_eq!(flush.failed_data(5, "transient")["report"]["queued"], 1);
}

#[test]
fn a_cloud_that_is_slow_is_a_failure_without_a_reason() {
    let (cloud, id) = pulled(10);
    cloud.emulator.faults().push(Rule::always(Fault::Stalled).on(TOP));
    let ended = cloud.run(&["pin", &id, "--timeout", "1", "--json"]);
    assert_eq!(ended.failed_data(5, "transient")["pending"][0]["state"], "sending");
    assert_eq!(ended.json()["message"], "1 change was not sent");
}

#[test]
fn ctrl_c_says_how_far_the_changes_have_come() {
    let (cloud, id) = pulled(10);
    cloud.emulator.faults().push(Rule::always(Fault::Stalled).on(TOP));
    let pin = Running::of(&mut cloud.conv(&["pin", &id, "--json"]));
    until("the call", || cloud.emulator.calls().of(TOP) > 0);
    pin.interrupt();
    let ended = pin.end();
    let data = ended.failed_data(130, "cancelled");
    assert_eq!((&data["isSent"], &data["pending"][0]["number"]), (&false.into(), &1.into()));
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("interrupted; 1 change sending (1); "), "{message}");

    let flush = Running::of(&mut cloud.conv(&["outbox", "flush"]));
    until("another call", || cloud.emulator.calls().of(TOP) > 1);
    flush.interrupt();
    let ended = flush.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.err.contains("conv: interrupted; 1 change sending (1); "), "{ended:?}");
    assert!(ended.out.contains("1 change sending (1)"), "{ended:?}");
}

#[test]
fn sync_says_why_changes_are_not_sent_and_does_not_wait_for_what_is_held() {
    let (cloud, id) = pulled(10);
    offline(&cloud, &["pin", &id, "--json"]).data();
    cloud.emulator.faults().push(Rule::always(Fault::Code(60_020)).on(TOP));
    let began = Instant::now();
    let ended = cloud.run(&["sync", "--json"]);
    assert!(began.elapsed() < Duration::from_secs(20), "waited {:?}", began.elapsed());
    assert_eq!(ended.data()["changes"]["held"], 1);
    assert!(
        ended.err.contains("not sent yet: 1 change (cloud refused with code 60020"),
        "{ended:?}"
    );
}

#[test]
fn a_change_that_fails_leaves_no_store_and_needs_a_list() {
    let (cloud, _) = (Cloud::of(10), ());
    for arguments in [
        &["group", "delete", "Press", "--json"][..],
        &["group", "rename", "Press", "Media", "--json"],
        &["pin", "C2Calice", "--json"],
        &["outbox", "flush", "--json"],
    ] {
        assert_eq!(cloud.run(arguments).failed(3), "not_found", "{arguments:?}");
        assert!(!cloud.store().exists(), "{arguments:?}");
    }
    assert_eq!(without_network(&cloud, &["sync", "--json"]).failed(5), "transient");
    for arguments in [
        &["group", "delete", "Press", "--json"][..],
        &["group", "add", "Press", "C2Calice", "--json"],
        &["pin", "C2Calice", "--json"],
    ] {
        for ended in [cloud.run(arguments), offline(&cloud, arguments)] {
            assert_eq!(ended.failed(3), "not_found", "{arguments:?}");
            let message = ended.json()["message"].as_str().unwrap().to_owned();
            assert!(
                message.contains("was never pulled into ")
                    && message.contains("`conv sync` pulls it"),
                "{message}"
            );
        }
    }
    assert_eq!(cloud.run(&["list", "--json"]).failed(3), "not_found");
}
