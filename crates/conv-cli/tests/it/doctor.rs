//! `conv doctor`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{Cloud, ids};

#[track_caller]
fn finding<'a>(data: &'a Value, check: &str) -> &'a Value {
    let findings = data["findings"].as_array().unwrap();
    findings.iter().rev().find(|finding| finding["check"] == check).unwrap()
}

#[test]
fn a_store_that_was_pulled_is_sound() {
    let cloud = Cloud::of(250);
    cloud.run(&["sync", "--json"]).data();
    let data = cloud.run(&["doctor", "--json"]).data();
    assert_eq!(data["sound"], true);
    let totals = finding(&data, "totals")["detail"].as_str().unwrap();
    assert!(totals.starts_with("250 conversations, "), "{totals}");
    let words = cloud.run(&["doctor"]);
    assert_eq!(words.code, Some(0));
    assert!(words.out.ends_with("the store is sound\n"), "{words:?}");
    assert!(!words.out.contains("BAD"), "{words:?}");
}

#[test]
fn a_store_that_is_not_there_is_not_found_and_not_made() {
    let cloud = Cloud::of(1);
    assert_eq!(cloud.run(&["doctor", "--json"]).failed(3), "not_found");
    assert!(!cloud.store().exists());
    let memory = cloud.run(&["doctor", "--store", "memory:", "--json"]);
    assert_eq!(memory.failed(7), "unsupported");
}

#[test]
fn what_the_cloud_has_more_is_told_and_pulled() {
    let cloud = Cloud::of(50);
    cloud.run(&["sync", "--json"]).data();
    let gone = cloud.truth()[7].clone();
    let world = cloud.emulator.world();
    world.remove(crate::support::ACCOUNT, &gone).unwrap();
    world.touch(crate::support::ACCOUNT, "C2Cnew_one").unwrap();
    let data = cloud.run(&["doctor", "--cloud", "--json"]).data();
    let pull = finding(&data, "pull")["detail"].as_str().unwrap();
    assert!(pull.starts_with("1 missing, 1 surplus, 0 changed"), "{pull}");
    assert_eq!(finding(&data, "cloud")["ok"], true);
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}

/// Writes over the files of the rows whose names begin so.
fn damage(store: &Path, name: &str) {
    let files = fs::read_dir(store.join("rows")).unwrap().map(|entry| entry.unwrap().path());
    let is_meant = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(name);
    let damaged: Vec<_> = files.filter(is_meant).collect();
    assert!(!damaged.is_empty());
    for path in damaged {
        let bytes = fs::read(&path).unwrap();
        fs::write(path, vec![0x5A; bytes.len()]).unwrap();
    }
}

#[test]
fn damage_is_told_with_an_exit_code_and_healed_by_the_cloud() {
    let cloud = Cloud::of(300);
    cloud.run(&["sync", "--json"]).data();
    damage(&cloud.store(), "conf");
    let told = cloud.run(&["doctor", "--json"]);
    assert_eq!(told.failed(10), "corrupt");
    damage(&cloud.store(), "conf");
    let healed = cloud.run(&["doctor", "--cloud", "--json"]).data();
    assert_eq!(healed["sound"], true);
    let findings = healed["findings"].as_array().unwrap();
    assert!(findings.iter().any(|found| found["check"] == "opening" && found["ok"] == false));
    assert_eq!(finding(&healed, "opening")["ok"], true);
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
    cloud.run(&["doctor", "--json"]).data();
}

#[test]
fn rows_that_are_gone_without_a_trace_come_again_from_the_cloud() {
    let cloud = Cloud::of(300);
    cloud.run(&["sync", "--json"]).data();
    damage(&cloud.store(), "db");
    let healed = cloud.run(&["doctor", "--cloud", "--json"]).data();
    let pull = finding(&healed, "pull")["detail"].as_str().unwrap();
    assert_eq!(pull, "300 missing, 0 surplus, 0 changed: healed");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}
