//! `conv sync`, `conv list` and `conv profile` in a pipe.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::support::{Cloud, conv, ids, offline, run};

#[test]
fn list_shows_without_the_cloud_the_rows_that_sync_pulled() {
    let cloud = Cloud::of(120);
    let synced = cloud.run(&["sync", "--json"]).data();
    assert_eq!((&synced["rows"], &synced["isSyncCompleted"]), (&json!(120), &json!(true)));
    assert_eq!(synced["pages"], 4);
    let truth = cloud.truth();
    let mut offline = cloud.conv(&["list", "--json"]);
    offline.env_remove("CONV_BASE_URL").env_remove("CONV_SECRET_KEY");
    let list = run(&mut offline).data();
    assert_eq!(ids(&list), truth);
    assert_eq!(list["isSyncCompleted"], false);
    assert_eq!(list["report"]["coverage"], "cacheOnly");
}

#[test]
fn a_list_can_be_pulled_before_it_is_shown() {
    let cloud = Cloud::of(40);
    let list = cloud.run(&["list", "--sync", "--json"]).data();
    assert_eq!(list["isSyncCompleted"], true);
    assert_eq!(ids(&list), cloud.truth());
}

#[test]
fn rows_are_chosen_by_flags_as_by_the_sdks_options() {
    let cloud = Cloud::of(200);
    cloud.run(&["sync", "--json"]).data();
    for (flags, options) in [
        (&["--type", "group"][..], json!({"type": "GROUP"})),
        (&["--mark", "star"], json!({"markType": 1})),
        (&["--mark", "none"], json!({"markType": 0})),
        (&["--group", "Suppliers"], json!({"groupName": "Suppliers"})),
        (&["--group", ""], json!({"groupName": ""})),
        (&["--unread"], json!({"hasUnreadCount": true})),
        (&["--unread=false"], json!({"hasUnreadCount": false})),
        (&["--type", "c2c", "--unread"], json!({"type": "C2C", "hasUnreadCount": true})),
        (&["--id", "GROUPwork-1", "--id", "GROUPlive-1"], json!(["GROUPlive-1", "GROUPwork-1"])),
        (&[], json!(null)),
    ] {
        let flagged = cloud.run(&[&["list", "--json"], flags].concat()).data();
        let options = options.to_string();
        let asked = cloud.run(&["list", "--json", "--options", &options]).data();
        assert!(!ids(&flagged).is_empty(), "{options}");
        assert_eq!(ids(&flagged), ids(&asked), "{options}");
        assert!(ids(&flagged).len() < 200 || flags.is_empty(), "{options}");
    }
}

#[test]
fn pages_follow_one_another() {
    let cloud = Cloud::of(100);
    cloud.run(&["sync", "--json"]).data();
    let mut walked = Vec::new();
    let mut after = None::<String>;
    loop {
        let place = after.clone().unwrap_or_default();
        let mut arguments = vec!["list", "--json", "--limit", "30"];
        if after.is_some() {
            arguments.extend(["--after", &place]);
        }
        let page = cloud.run(&arguments).data();
        assert!(ids(&page).len() <= 30);
        walked.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(walked, cloud.truth());
}

#[test]
fn reading_makes_no_store_and_says_that_there_is_none() {
    let cloud = Cloud::of(1);
    let foreign = tempfile::tempdir().unwrap();
    std::fs::write(foreign.path().join("photo"), "x").unwrap();
    let foreign = foreign.path().to_str().unwrap();
    let store = cloud.store().display().to_string();
    for place in [store.as_str(), foreign] {
        for command in [&["list"][..], &["doctor"], &["profile", "C2Cnobody"], &["profile", "C2Ca"]]
        {
            let mut command = cloud.conv(&[command, &["--json", "--store", place]].concat());
            let ended = run(command.env_remove("CONV_BASE_URL"));
            assert_eq!(ended.failed(3), "not_found", "{ended:?}");
            let message = ended.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains(place), "{message}");
        }
        let asked = cloud.run(&["profile", "C2Cnobody", "--json", "--store", place]);
        assert_eq!(asked.failed(3), "not_found");
        assert_eq!(asked.json()["code"], 2501);
        cloud.run(&["profile", "@TIM#SYSTEM", "--json", "--store", place]).data();
    }
    assert!(!cloud.store().exists());
    assert_eq!(std::fs::read_dir(foreign).unwrap().count(), 1);
}

#[test]
fn a_profile_comes_from_the_cloud_else_from_the_store() {
    let cloud = Cloud::of(60);
    cloud.run(&["sync", "--json"]).data();
    let online = cloud.run(&["profile", "GROUPwork-1", "--json"]).data();
    let profile = &online["conversation"]["groupProfile"];
    assert!(profile["memberCount"].as_u64().unwrap() > 0, "{profile}");
    let mut offline = cloud.conv(&["profile", "GROUPwork-1", "--json"]);
    let offline = run(offline.env_remove("CONV_BASE_URL")).data();
    assert_eq!(offline["conversation"]["groupProfile"]["name"], profile["name"]);

    let unknown = cloud.run(&["profile", "C2Cnobody", "--json"]);
    assert_eq!(unknown.failed(3), "not_found");
    assert_eq!(unknown.json()["code"], 2501);
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()).len(), 60);
    let words = cloud.run(&["profile", "GROUPwork-1"]);
    assert!(words.out.contains("  memberCount: ") || words.out.contains("memberCount: "));
}

#[test]
fn a_command_without_a_cloud_names_the_options_that_it_lacks() {
    let cloud = Cloud::of(3);
    cloud.run(&["sync", "--json"]).data();
    let ended = offline(&cloud, &["profile", "C2Cnobody", "--json"]);
    assert_eq!(ended.failed(2), "invalid_argument");
    let words = "the list has no conversation C2Cnobody, and no cloud is named to ask: give --region \
                 or --base-url, --sdkappid, and the secret key by CONV_SECRET_KEY or --secret-key-file";
    assert_eq!(ended.json()["message"], words);
}

#[test]
fn a_retention_is_a_limit_of_the_list() {
    let cloud = Cloud::of(3);
    let limit = |data: &Value| data["report"]["limit"].clone();
    assert_eq!(limit(&cloud.run(&["sync", "--json"]).data()), json!([]));
    let data = cloud.run(&["sync", "--json", "--retention", "7"]).data();
    assert_eq!(limit(&data), json!([{"retention": 604_800}]));
    let mut sync = cloud.conv(&["list", "--sync", "--json"]);
    let data = run(sync.env("CONV_RETENTION", "\"30\"\n")).data();
    assert_eq!(limit(&data), json!([{"retention": 2_592_000}]));
    for wrong in ["0", "week", "36501"] {
        let ended = cloud.run(&["sync", "--json", "--retention", wrong]);
        assert_eq!(ended.failed(2), "invalid_argument", "{wrong}");
    }
}

#[test]
fn a_table_says_what_it_holds_and_how_complete_it_is() {
    let cloud = Cloud::of(120);
    cloud.run(&["sync"]);
    let list = cloud.run(&["list", "--limit", "5"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""), "{list:?}");
    let lines: Vec<_> = list.out.lines().collect();
    assert!(lines[0].contains("NAME") && lines[0].contains("UNREAD"), "{}", list.out);
    for (line, id) in lines[1..6].iter().zip(cloud.truth()) {
        assert!(line.contains(&id), "{line} {id}");
    }
    assert!(
        lines[6].starts_with("5 of 120 rows, from the cache, which was complete "),
        "{}",
        list.out
    );
    assert!(lines.last().unwrap().starts_with("more: --after "), "{}", list.out);
    assert!(!list.out.contains('\u{1b}'));
    let colored = cloud.run(&["list", "--limit", "5", "--color", "always"]);
    assert!(colored.out.contains("\u{1b}["));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let cloud = Cloud::of(500);
    cloud.run(&["sync", "--json"]).data();
    for arguments in [&["list", "--json"][..], &["list"]] {
        let mut command = cloud.conv(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0];
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
        std::io::Read::read_exact(&mut stdout, &mut first).unwrap();
        assert!(stdout.fill_buf().is_ok());
        drop(stdout);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    }
    // The reader is gone before the first line.
    for arguments in [
        &["list"][..],
        &["sync", "--json"],
        &["group", "list"],
        &["outbox", "list"],
        &["doctor"],
        &["profile", "@TIM#SYSTEM"],
        &["id", "C2Calice"],
        &["demo"],
        &["list", "--help"],
    ] {
        let mut child = cloud.conv(arguments);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{arguments:?} {ended:?}");
    }
}

#[test]
fn options_come_from_the_environment_and_the_key_from_a_file() {
    let cloud = Cloud::of(3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{}\nsecond line\n", crate::support::KEY)).unwrap();
    let mut command = cloud.conv(&["list"]);
    command.env_remove("CONV_SECRET_KEY").env("CONV_SECRET_KEY_FILE", &file);
    command.env("CONV_JSON", "1").env("CONV_SYNC", "true").env("CONV_STORE", "memory:");
    assert_eq!(ids(&run(&mut command).data()), cloud.truth());

    std::fs::write(&file, "\n").unwrap();
    assert_eq!(run(&mut command).failed(2), "invalid_argument");
    let words = run(command.env("CONV_SECRET_KEY_FILE", folder.path().join("none")));
    assert_eq!(words.failed(2), "invalid_argument");
}

#[test]
fn a_value_means_the_same_with_what_is_around_it_at_each_door() {
    use crate::support::{ACCOUNT, KEY};

    let cloud = Cloud::of(3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let (url, number) = (cloud.emulator.base_url(), cloud.emulator.sdk_app_id().to_string());
    let values = [
        ("CONV_SECRET_KEY", KEY),
        ("CONV_BASE_URL", &url),
        ("CONV_SDKAPPID", &number),
        ("CONV_ACCOUNT", ACCOUNT),
        ("CONV_IDENTIFIER", "administrator"),
        ("CONV_PLAN_LIMIT", "500"),
        ("CONV_FACETS", "unread"),
        ("CONV_STORE", "memory:"),
        ("CONV_JSON", "true"),
        ("CONV_SYNC", "1"),
        ("CONV_COLOR", "never"),
    ];
    for (before, after) in [("", "\n"), ("\"", "\""), ("\u{feff}", "\r\n"), (" '", "' ")] {
        let around = |value: &str| format!("{before}{value}{after}");
        let mut variables = cloud.conv(&["list"]);
        variables.envs(values.map(|(name, value)| (name, around(value))));
        assert_eq!(ids(&run(&mut variables).data()), cloud.truth(), "{before:?}");

        std::fs::write(&file, around(KEY)).unwrap();
        let mut options = conv(["list", "--sync", "--json"]);
        for (name, value) in &values[1..8] {
            let option = name.strip_prefix("CONV_").unwrap().to_ascii_lowercase();
            options.arg(format!("--{}", option.replace('_', "-"))).arg(around(value));
        }
        options.arg("--secret-key-file").arg(&file);
        assert_eq!(ids(&run(&mut options).data()), cloud.truth(), "{before:?}");

        let mut region = conv(["profile", "C2Ca", "--json", "--store", "memory:"]);
        region.envs([("CONV_REGION", around("singapore")), ("CONV_ACCOUNT", "a".to_owned())]);
        let message = run(&mut region).json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("--sdkappid"), "{message}");
    }
    let mut off = cloud.conv(&["list", "--sync", "--store", "memory:"]);
    assert!(run(off.env("CONV_JSON", "0\n")).out.starts_with("   NAME"));
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let cloud = Cloud::of(3);
    let mut command = cloud.conv(&["list", "--sync", "--store", "memory:"]);
    for name in ["REGION", "IDENTIFIER", "PLAN_LIMIT", "FACETS", "COLOR", "JSON", "VERBOSE"] {
        command.env(format!("CONV_{name}"), if name == "REGION" { "" } else { " \n" });
    }
    command.env("CONV_SECRET_KEY_FILE", "");
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut missing = cloud.conv(&["list"]);
    let missing = run(missing.env("CONV_ACCOUNT", "").env("CONV_JSON", "yes\n"));
    assert_eq!(missing.failed(2), "invalid_argument");
    let message = missing.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("--account"), "{message}");
}

#[test]
fn the_default_store_is_in_the_platforms_folder_for_data() {
    let cloud = Cloud::of(3);
    let home = tempfile::tempdir().unwrap();
    let mut command = cloud.conv(&["sync", "--json"]);
    command.env_remove("CONV_STORE").env("HOME", home.path()).env_remove("XDG_DATA_HOME");
    run(&mut command).data();
    if cfg!(target_os = "linux") {
        assert!(home.path().join(".local/share/conv").is_dir());
    }
}

#[test]
fn logs_go_to_standard_error_when_asked_for() {
    let cloud = Cloud::of(30);
    let quiet = cloud.run(&["sync", "--json"]);
    assert_eq!(quiet.err, "");
    let loud = cloud.run(&["sync", "--json", "-v"]);
    assert!(loud.err.contains("get_list"), "{loud:?}");
    cloud.run(&["sync", "--json", "-vvv"]).data();
    loud.data();
}

#[test]
fn a_store_that_cannot_be_made_is_the_stores_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let place = file.join("store");
    let mut command = conv(["sync", "--json", "--account", "a", "--sdkappid", "1"]);
    command.args(["--base-url", "http://127.0.0.1:9"]).env("CONV_SECRET_KEY", "k");
    assert_eq!(run(command.arg("--store").arg(place)).failed(9), "store");
}

#[test]
fn a_list_that_was_never_pulled_is_not_taken_for_an_empty_one() {
    let cloud = Cloud::of(3);
    cloud.run(&["sync", "--json"]).data();
    for arguments in [["list", "--json"], ["pin", "C2Ca"]] {
        let ended = cloud.run(&[&arguments[..], &["--account", "typo"]].concat());
        assert_eq!(
            (ended.code, ended.out.is_empty()),
            (Some(3), arguments[0] == "pin"),
            "{ended:?}"
        );
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("the list of typo was never pulled into /"), "{said}");
        // What would help is not what helps with a store on disk.
        let ended = cloud.run(&[&arguments[..], &["--store", "memory:"]].concat());
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("a store in memory is empty when a command begins"), "{said}");
        assert!(said.contains("conv list --sync"), "{said}");
    }
}
