//! Stores by name, and two processes on one.

use conv_emulator::{Fault, Rule};

use crate::support::{Cloud, LIST, Running, ids, until};

#[test]
fn the_second_process_on_a_store_is_told_who_holds_it() {
    let cloud = Cloud::of(30);
    cloud.emulator.faults().push(Rule::always(Fault::Stalled).on(LIST));
    let first = Running::of(&mut cloud.conv(&["sync"]));
    until("the first holds the store", || cloud.emulator.calls().of(LIST) > 0);
    let second = cloud.run(&["list", "--json"]);
    assert_eq!(second.failed(9), "store");
    let message = second.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(cloud.store().to_str().unwrap()), "{message}");
    if cfg!(target_os = "linux") {
        let holder = format!("process {} (conv)", first.0.id());
        assert!(message.contains(&holder), "{message} {holder}");
    }
    drop(first);
    // It opens; nothing was pulled.
    assert_eq!(cloud.run(&["list", "--json"]).failed(3), "not_found");
}

#[test]
fn a_scheme_says_who_keeps_the_store() {
    let cloud = Cloud::of(20);
    let folder = cloud.store();
    let sled = format!("sled:{}", folder.display());
    cloud.run(&["sync", "--json", "--store", &sled]).data();
    let plain = folder.to_str().unwrap();
    assert_eq!(ids(&cloud.run(&["list", "--json", "--store", plain]).data()), cloud.truth());
    let memory = cloud.run(&["list", "--json", "--store", "memory:"]);
    assert_eq!(memory.failed(3), "not_found");
    let other = format!("redb:{plain}");
    let other = cloud.run(&["list", "--json", "--store", &other]);
    if cfg!(feature = "redb") {
        assert_eq!(other.failed(3), "not_found");
    }
    let redb = format!("redb:{}-redb", folder.display());
    let redb = cloud.run(&["sync", "--json", "--store", &redb]);
    if cfg!(feature = "redb") {
        assert_eq!(redb.data()["rows"], 20);
    } else {
        assert_eq!(redb.failed(7), "unsupported");
    }
}

/// The error is not that there is no store: it names the missing feature.
#[test]
fn every_command_says_what_this_build_cannot_open() {
    let cloud = Cloud::of(1);
    for (is_built, feature, store) in [
        (cfg!(feature = "redb"), "redb", "redb:/nowhere"),
        (cfg!(feature = "redis"), "redis", "redis://127.0.0.1:1"),
    ] {
        for command in ["sync", "list", "doctor", "profile C2Ca", "watch"] {
            if is_built {
                continue;
            }
            let words: Vec<_> = command.split(' ').chain(["--store", store, "--json"]).collect();
            let ended = cloud.run(&words);
            assert_eq!(ended.failed(7), "unsupported", "{command}");
            let message = ended.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains("this build of conv has no"), "{message}");
            assert!(message.contains(&format!("with the feature `{feature}`")), "{message}");
        }
    }
}

#[test]
fn a_file_in_place_of_a_folder_is_named() {
    let cloud = Cloud::of(1);
    let file = cloud.store();
    std::fs::write(&file, "text").unwrap();
    for command in ["sync", "list", "doctor", "profile C2Ca", "watch"] {
        let ended = cloud.run(&command.split(' ').chain(["--json"]).collect::<Vec<_>>());
        assert_eq!(ended.failed(2), "invalid_argument", "{command}");
        let message = ended.json()["message"].as_str().unwrap().to_owned();
        let expected = format!("store {}: is a file, not a folder", file.display());
        assert_eq!(message, expected, "{command}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
}

#[test]
fn accounts_of_one_store_do_not_meet() {
    let cloud = Cloud::of(20);
    cloud.run(&["sync", "--json"]).data();
    let other = cloud.run(&["list", "--json", "--account", "somebody"]);
    assert_eq!(other.failed(3), "not_found");
    let words = other.json()["message"].clone();
    assert!(words.as_str().unwrap().starts_with("the list of somebody was never pulled"));
    // An outbox without changes would hide that the name is misspelt.
    for action in ["list", "retry", "drop", "flush"] {
        let outbox = cloud.run(&["outbox", action, "--json", "--account", "somebody"]);
        assert_eq!(outbox.failed(3), "not_found", "{action}");
        assert_eq!(outbox.json()["message"], words, "{action}");
    }
    assert_eq!(cloud.run(&["outbox", "list", "--json"]).data()["pending"], serde_json::json!([]));
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_read_is_not_taken_for_none() {
    let (cloud, id) = crate::support::pulled(10);
    // A link to itself is an error that the system returns to a superuser, too.
    let folder = cloud.store().with_file_name("locked");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("rows", folder.join("rows")).unwrap();
    let place = folder.to_str().unwrap();
    for arguments in [&["list"][..], &["pin", &id], &["outbox", "list"]] {
        let ended = cloud.run(&[arguments, &["--json", "--store", place]].concat());
        assert_eq!(ended.failed(9), "store", "{arguments:?}");
    }
}
