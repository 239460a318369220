//! Each fault of the emulator, met by `conv sync`.

use std::thread;

use serde_json::Value;

use crate::support::{ACCOUNT, Cloud, KEY, LIST, Running, conv, ids, run};

/// One sync against `conv emulate --fault …`.
fn sync_with(fault: &str) -> crate::support::Ended {
    let emulate = ["emulate", "--port", "0", "--conversations", "150", "--plan-limit", "500"];
    let mut command = conv(emulate);
    command.args(["--page-size", "50", "--fault", fault, "--json"]).env("CONV_SECRET_KEY", KEY);
    let mut emulator = Running::of(&mut command);
    let listening = first_line(&mut emulator);
    let url = listening["data"]["baseUrl"].as_str().unwrap();
    let mut sync = conv(["sync", "--json", "--store", "memory:", "--account", ACCOUNT]);
    sync.args(["--sdkappid", "1400000000", "--plan-limit", "500", "--base-url", url]);
    run(sync.env("CONV_SECRET_KEY", KEY))
}

fn first_line(emulator: &mut Running) -> Value {
    use std::io::{BufRead, BufReader};

    let mut line = String::new();
    BufReader::new(emulator.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// All at once: most of the time is pauses between tries.
fn each<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        let handles: Vec<_> = cases.iter().map(|case| scope.spawn(|| check(case))).collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    });
}

#[test]
fn a_sync_fails_with_the_class_of_a_lasting_fault() {
    let cases = [
        ("status=502", 5, "transient"),
        ("status=429", 6, "rate_limited"),
        ("code=50004", 5, "transient"),
        ("code=60007", 6, "rate_limited"),
        ("code=70003", 4, "auth"),
        ("code=50001", 3, "not_found"),
        ("reset", 5, "transient"),
        ("cut-json", 8, "cloud"),
        ("html", 8, "cloud"),
        ("not-json", 8, "cloud"),
        ("gzip-bomb=16777216", 8, "cloud"),
        ("oversized=5242880", 8, "cloud"),
        ("null-items", 8, "cloud"),
        ("standing-cursor", 8, "cloud"),
    ];
    each(&cases, |(fault, exit, class)| {
        let ended = sync_with(&format!("{fault},on={LIST}"));
        assert_eq!(ended.failed(*exit), *class, "{fault}: {ended:?}");
    });
}

#[test]
fn a_number_of_the_cloud_is_told_as_it_is() {
    assert_eq!(sync_with("code=70003").json()["code"], 70003);
}

#[test]
fn a_sync_succeeds_after_a_fault_that_passes() {
    let cases = [
        "status=502,times=2",
        "code=60008,nth=2",
        "code=70001,nth=2",
        "slow=50",
        "reset,nth=2",
        "truncated-body,nth=3",
        "cut-json,nth=2",
        "html,times=1",
        "not-json,times=1",
        "empty-page,nth=2",
        "no-complete-flag,nth=2",
        "duplicate-rows",
        "unknown-fields",
        "deep-nesting=2000",
    ];
    each(&cases, |fault| {
        let data = sync_with(&format!("{fault},on={LIST}")).data();
        assert_eq!(data["isSyncCompleted"], true, "{fault}: {data}");
        assert_eq!(data["rows"], 150, "{fault}: {data}");
        assert_eq!(data["report"]["skipped"], Value::Array(Vec::new()), "{fault}: {data}");
    });
}

#[test]
fn a_row_that_makes_no_sense_is_skipped_and_named() {
    let kinds = [
        "null",
        "wrong-types",
        "unknown-type",
        "long-id",
        "control-bytes",
        "no-id",
        "negative-time",
        "huge-time",
    ];
    each(&kinds, |kind| {
        let data = sync_with(&format!("bad-row={kind},on={LIST}")).data();
        assert_eq!(data["isSyncCompleted"], true, "{kind}: {data}");
        let odd_time = kind.ends_with("-time");
        let skipped = data["report"]["skipped"].as_array().unwrap();
        assert!(odd_time || !skipped.is_empty(), "{kind}: {data}");
        assert!(skipped.iter().all(|row| row["reason"].is_string()), "{kind}: {data}");
    });
}

#[test]
fn missing_names_are_reported_and_the_rows_are_kept() {
    let data = sync_with("partial-failure").data();
    assert_eq!((&data["isSyncCompleted"], &data["rows"]), (&true.into(), &150.into()));
    assert!(!data["report"]["failed"].as_array().unwrap().is_empty(), "{data}");
    let words = sync_with("partial-failure");
    assert_eq!(words.err, "");
}

#[test]
fn a_failed_pull_keeps_what_was_there_and_a_list_says_so() {
    let cloud = Cloud::of(80);
    cloud.run(&["sync", "--json"]).data();
    let fault = conv_emulator::Fault::Code(70003);
    cloud.emulator.faults().push(conv_emulator::Rule::always(fault));
    assert_eq!(cloud.run(&["sync", "--json"]).failed(4), "auth");
    let list = cloud.run(&["list", "--sync", "--json"]);
    assert_eq!(ids(&list.data()), cloud.truth());
    assert_eq!(list.data()["report"]["pass"]["failed"]["code"], 70003);
    let not_pulled = &list.data()["notPulled"];
    assert_eq!((&not_pulled["code"], &not_pulled["class"]), (&70003.into(), &"auth".into()));
    assert!(list.err.contains("not pulled"), "{list:?}");
    // A failure without a number of the cloud's has the same one at each door.
    cloud.emulator.faults().clear();
    cloud.emulator.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Status(404)));
    let synced = cloud.run(&["sync", "--json"]);
    assert_eq!(synced.failed(5), "transient");
    let list = cloud.run(&["list", "--sync", "--json"]).data();
    assert_eq!(list["notPulled"], synced.json());
    cloud.emulator.faults().clear();
    cloud.emulator.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Code(70003)));
    let mut empty = cloud.conv(&["list", "--sync", "--json", "--store", "memory:"]);
    assert_eq!(run(&mut empty).failed(4), "auth");
}

#[test]
fn a_cloud_that_stalls_can_be_interrupted() {
    let cloud = Cloud::of(80);
    let stalled = conv_emulator::Fault::Stalled;
    cloud.emulator.faults().push(conv_emulator::Rule::always(stalled).on(LIST));
    let sync = Running::of(&mut cloud.conv(&["sync", "--json"]));
    crate::support::until("a call", || cloud.emulator.calls().of(LIST) > 0);
    sync.interrupt();
    assert_eq!(sync.end().failed(130), "cancelled");
}
