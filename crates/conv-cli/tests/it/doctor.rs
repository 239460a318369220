//! `conv doctor`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use conv_api::{ConversationStore, SledStore, model::Delta};
use conv_emulator::Churn;
use serde_json::Value;

use crate::support::{ACCOUNT, Cloud, Ended, block_on, ids, rows, run};

#[track_caller]
fn finding<'a>(data: &'a Value, check: &str) -> &'a Value {
    let checks = data["checks"].as_array().unwrap();
    checks.iter().rev().find(|finding| finding["check"] == check).unwrap()
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
    assert!(words.out.ends_with("the store is intact\n"), "{words:?}");
    assert!(!words.out.contains("BAD"), "{words:?}");
}

#[test]
fn a_store_is_sound_though_a_group_was_never_read() {
    let cloud = Cloud::of(60);
    let world = cloud.emulator.world();
    let group = cloud.truth().into_iter().find(|id| id.starts_with("GROUPgroup_")).unwrap();
    world.set_unread(ACCOUNT, &group, 7).unwrap();
    world.hide_group(group.strip_prefix("GROUP").unwrap(), true).unwrap();
    let synced = cloud.run(&["sync", "--json"]).data();
    let failed = synced["report"]["failed"].as_array().unwrap();
    assert!(failed.iter().any(|failed| failed["conversationID"] == group.as_str()), "{failed:?}");
    assert_eq!(cloud.run(&["doctor", "--json"]).data()["sound"], true);
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
fn a_check_that_the_cloud_ends_says_what_it_found_until_then() {
    let cloud = Cloud::of(10);
    cloud.run(&["sync", "--json"]).data();
    cloud.emulator.faults().push("code=70003".parse().unwrap());
    let ended = cloud.run(&["doctor", "--cloud", "--json"]).failed_data(4, "auth");
    assert_eq!((&ended["sound"], &finding(&ended, "totals")["ok"]), (&false.into(), &true.into()));
    let words = cloud.run(&["doctor", "--cloud"]);
    assert_eq!(words.code, Some(4));
    assert!(words.out.contains("ok   totals"), "{words:?}");
    assert!(!words.out.contains("is sound"), "{words:?}");
}

/// Runs a command without a limit.
#[track_caller]
fn unlimited(cloud: &Cloud, arguments: &[&str]) -> Ended {
    run(cloud.conv(arguments).env_remove("CONV_PLAN_LIMIT"))
}

#[test]
fn a_check_changes_nothing_and_what_changed_since_is_no_fault() {
    let cloud = Cloud::of(50);
    cloud.run(&["sync", "--json"]).data();
    let before = cloud.run(&["list", "--json"]).data();
    let gone = cloud.truth()[7].clone();
    let world = cloud.emulator.world();
    world.remove(ACCOUNT, &gone).unwrap();
    world.advance(std::time::Duration::from_secs(60));
    world.touch(ACCOUNT, "C2Cnew_one").unwrap();
    let data = cloud.run(&["doctor", "--cloud", "--json"]).data();
    let detail = finding(&data, "cloud")["detail"].as_str().unwrap();
    assert!(detail.starts_with("1 not here, 1 gone, 0 changed in the cloud since"), "{detail}");
    assert_eq!(cloud.run(&["list", "--json"]).data(), before);
    let healed = cloud.run(&["doctor", "--heal", "--json"]).data();
    assert_eq!(finding(&healed, "pull")["detail"], "added 1, removed 1, changed 0");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}

#[test]
fn no_command_shortens_a_list_by_a_limit_that_it_was_not_given() {
    let cloud = Cloud::of(250);
    cloud.run(&["sync", "--json", "--plan-limit", "500"]).data();
    for command in [
        &["doctor", "--cloud", "--json"][..],
        &["doctor", "--heal", "--json"],
        &["doctor", "--heal", "--json", "--plan-limit", "100"],
        &["sync", "--json"],
        &["list", "--sync", "--json"],
    ] {
        let ended = unlimited(&cloud, command);
        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
        let is_told = ended.err.contains("was pulled with: 500, not 100");
        assert_eq!(is_told, command.contains(&"100"), "{command:?}: {ended:?}");
        let list = cloud.run(&["list", "--json"]).data();
        assert_eq!(ids(&list), cloud.truth(), "{command:?}");
    }
    unlimited(&cloud, &["sync", "--json", "--plan-limit", "100"]).data();
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()).len(), 100);
}

#[test]
fn rows_that_a_lower_limit_removes_are_counted() {
    for command in ["sync", "list --sync"] {
        let cloud = Cloud::of(250);
        cloud.run(&["sync", "--json"]).data();
        // A row that is gone from the cloud anyway.
        cloud.emulator.world().remove(ACCOUNT, &cloud.truth()[3]).unwrap();
        let lower = command.split(' ').chain(["--json", "--plan-limit", "200"]);
        let ended = cloud.run(&lower.collect::<Vec<_>>());
        ended.data();
        let words = "conv: 49 rows were removed: --plan-limit 200 is less than 500, ";
        assert!(ended.err.contains(words), "{ended:?}");
        let again = unlimited(&cloud, &["sync", "--json", "--plan-limit", "200"]);
        assert_eq!(again.err, "", "{again:?}");
        assert_eq!(unlimited(&cloud, &["sync", "--json"]).err, "");
    }
}

#[test]
fn rows_that_are_pulled_again_have_what_was_read_for_the_others() {
    let cloud = Cloud::of(30);
    cloud.run(&["sync", "--json", "--facets", "unread,last-message"]).data();
    let before = cloud.run(&["list", "--json"]).data();
    assert!(before["conversationList"][5]["lastMessage"].is_object(), "{before}");
    lose(&cloud, &cloud.truth()[3..9]);
    cloud.run(&["doctor", "--heal", "--json"]).data();
    let healed = cloud.run(&["list", "--json"]).data();
    assert_eq!(rows(&healed), rows(&before));
}

/// A facet that is no longer read would show for ever what was recalled meanwhile.
#[test]
fn every_pull_reads_again_what_the_rows_have() {
    let cloud = Cloud::of(30);
    cloud.run(&["sync", "--json", "--facets", "unread,last-message"]).data();
    let texts = || cloud.run(&["list", "--json"]).data()["conversationList"].to_string();
    assert!(texts().contains("TIMTextElem") && !texts().contains("[Message recalled]"));
    cloud.emulator.faults().push("recalled".parse().unwrap());
    cloud.run(&["sync", "--json"]).data();
    assert!(texts().contains("[Message recalled]") && !texts().contains("\"text\":"));
}

#[test]
fn a_check_reads_the_facets_that_it_is_asked_for() {
    let cloud = Cloud::of(30);
    cloud.run(&["sync", "--json", "--facets", "none"]).data();
    assert!(ids(&cloud.run(&["list", "--unread", "--json"]).data()).is_empty());
    cloud.run(&["doctor", "--heal", "--facets", "unread", "--json"]).data();
    assert!(!ids(&cloud.run(&["list", "--unread", "--json"]).data()).is_empty());
}

/// Removes rows that the cloud still has, as a fault would.
fn lose(cloud: &Cloud, rows: &[String]) {
    let lost = Delta::removed(rows.iter().map(|id| id.parse().unwrap()));
    block_on(async {
        let store = SledStore::open(cloud.store(), &ACCOUNT.parse().unwrap()).await.unwrap();
        store.apply(lost).await.unwrap();
        store.close().await.unwrap();
    });
}

#[test]
fn rows_that_the_last_pull_must_have_brought_are_missed() {
    let cloud = Cloud::of(250);
    cloud.run(&["sync", "--json"]).data();
    cloud.emulator.world().advance(std::time::Duration::from_secs(60));
    // Those of the second in which the pull began may have come after it.
    lose(&cloud, &cloud.truth()[40..47]);
    let ended = cloud.run(&["doctor", "--cloud", "--json"]);
    let data = ended.failed_data(10, "corrupt");
    assert_eq!((&data["sound"], &finding(&data, "cloud")["ok"]), (&false.into(), &false.into()));
    assert_eq!(finding(&data, "order")["ok"], true);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("cloud: 7 rows are missing"), "{message}");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()).len(), 243);
    let healed = cloud.run(&["doctor", "--heal", "--json"]).data();
    assert_eq!(finding(&healed, "pull")["detail"], "added 7, removed 0, changed 0");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}

#[test]
fn rows_that_come_up_from_below_a_full_list_are_not_missed() {
    let cloud = Cloud::of(150);
    cloud.run(&["sync", "--json", "--plan-limit", "100"]).data();
    for id in &cloud.truth()[40..50] {
        cloud.emulator.world().remove(ACCOUNT, id).unwrap();
    }
    let data = unlimited(&cloud, &["doctor", "--cloud", "--json"]).data();
    let detail = finding(&data, "cloud")["detail"].as_str().unwrap();
    assert!(detail.starts_with("10 not here, 10 gone, 0 changed"), "{detail}");
}

#[test]
fn a_list_that_moves_while_it_is_compared_is_not_damaged() {
    for seed in 1..=3 {
        let cloud = Cloud::with(conv_emulator::Emulator::builder().conversations(200).seed(seed));
        cloud.run(&["sync", "--json"]).data();
        cloud.emulator.set_churn(Churn::PerPage(5));
        for option in ["--cloud", "--heal"] {
            assert_eq!(cloud.run(&["doctor", option, "--json"]).data()["sound"], true);
        }
    }
}

/// Writes over the files of the rows whose names begin so.
fn damage(store: &Path, name: &str) {
    let files = fs::read_dir(store.join("rows")).unwrap().map(|entry| entry.unwrap().path());
    let is_meant = |path: &PathBuf| {
        path.is_file() && path.file_name().unwrap().to_string_lossy().starts_with(name)
    };
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
    let data = cloud.run(&["doctor", "--json"]).failed_data(10, "corrupt");
    assert_eq!((&data["sound"], &finding(&data, "opening")["ok"]), (&false.into(), &false.into()));
    damage(&cloud.store(), "conf");
    let healed = cloud.run(&["doctor", "--heal", "--json"]).data();
    assert_eq!(healed["sound"], true);
    let checks = healed["checks"].as_array().unwrap();
    assert!(checks.iter().any(|found| found["check"] == "opening" && found["ok"] == false));
    assert_eq!(finding(&healed, "opening")["ok"], true);
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
    cloud.run(&["doctor", "--json"]).data();
}

#[test]
fn a_list_whose_rows_were_lost_says_so() {
    let cloud = Cloud::of(30);
    cloud.run(&["sync", "--json"]).data();
    damage(&cloud.store(), "");
    let list = cloud.run(&["list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.out.contains("0 of 0 rows, what was pulled is lost"), "{list:?}");
    assert!(list.err.contains("the store lost data: "), "{list:?}");
    cloud.run(&["sync", "--json"]).data();
    damage(&cloud.store(), "");
    let list = cloud.run(&["list", "--json"]);
    assert!(list.data()["lost"][0].is_string(), "{list:?}");
    // The loss is reported until the list was pulled again.
    for is_lost in [true, false] {
        let synced = cloud.run(&["sync", "--json"]);
        assert_eq!(synced.data()["rows"], 30);
        assert_eq!(synced.err.contains("the store lost data: "), is_lost, "{synced:?}");
    }
}

#[test]
fn rows_that_are_gone_without_a_trace_come_again_from_the_cloud() {
    let cloud = Cloud::of(300);
    cloud.run(&["sync", "--json"]).data();
    damage(&cloud.store(), "db");
    let healed = cloud.run(&["doctor", "--heal", "--json"]).data();
    assert_eq!(finding(&healed, "pull")["detail"], "added 300, removed 0, changed 0");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}
