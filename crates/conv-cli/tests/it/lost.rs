//! Rows that are damaged or gone: the reports, and the pull that brings them back.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{Cloud, ids};

const ROWS: usize = 200;

/// The stores on disk of this build, each with the file of its rows.
const STORES: &[(&str, &str)] = &[
    ("sled", "rows/db"),
    #[cfg(feature = "redb")]
    ("redb", "rows.redb"),
];

type Harm = fn(&Path);

const HARMS: [(&str, Harm); 3] = [
    ("bytes are flipped", |file| {
        let mut bytes = fs::read(file).unwrap();
        bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x10);
        fs::write(file, bytes).unwrap();
    }),
    ("the file is gone", |file| fs::remove_file(file).unwrap()),
    ("the file is cut", |file| {
        let file = fs::OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(file.metadata().unwrap().len() / 3).unwrap();
    }),
];

/// A cloud, and the place of a store that was pulled from it and then harmed.
fn harmed((scheme, rows): (&str, &str), harm: Harm) -> (Cloud, String) {
    let cloud = Cloud::of(ROWS);
    let place = format!("{scheme}:{}", cloud.store().display());
    cloud.run(&["sync", "--json", "--store", &place]).data();
    harm(&cloud.store().join(rows));
    (cloud, place)
}

fn each(check: impl Fn(&str, Cloud, &str)) {
    for store in STORES {
        for (what, harm) in HARMS {
            let (cloud, place) = harmed(*store, harm);
            check(&format!("{}: {what}", store.0), cloud, &place);
        }
    }
}

#[test]
fn a_check_finds_what_was_lost_until_it_is_healed() {
    each(|what, cloud, place| {
        // A repair by the first opening is a finding of the next.
        for _ in 0..2 {
            let ended = cloud.run(&["doctor", "--json", "--store", place]);
            let data = ended.failed_data(10, "corrupt");
            assert_eq!((&data["sound"], &data["checks"][0]["ok"]), (&false.into(), &false.into()));
            let message = ended.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains("opening: "), "{what}: {message}");
            assert!(
                message.contains("stored row") || message.contains("stored change"),
                "{message}"
            );
        }
        let words = cloud.run(&["doctor", "--store", place]);
        assert!(words.out.starts_with("BAD  opening "), "{what}: {words:?}");
        assert!(!words.out.contains("nothing pulled yet"), "{what}: {words:?}");

        let healed = cloud.run(&["doctor", "--heal", "--json", "--store", place]).data();
        assert_eq!(healed["sound"], true, "{what}");
        cloud.run(&["doctor", "--json", "--store", place]).data();
        let list = cloud.run(&["list", "--json", "--store", place]);
        assert_eq!((ids(&list.data()), list.err.as_str()), (cloud.truth(), ""), "{what}");
    });
}

#[test]
fn a_list_says_what_was_lost_and_not_that_nothing_was_pulled() {
    each(|what, cloud, place| {
        let list = cloud.run(&["list", "--store", place]);
        assert_eq!(list.code, Some(0), "{what}: {list:?}");
        assert!(list.err.contains("the store lost data: "), "{what}: {list:?}");
        assert!(!list.out.contains("nothing pulled yet"), "{what}: {list:?}");
        let list = cloud.run(&["list", "--json", "--store", place]).data();
        assert!(list["lost"][0].as_str().unwrap().contains("stored"), "{what}: {list}");
        assert_eq!(list["isSyncCompleted"], false, "{what}");
        let pulled = cloud.run(&["list", "--sync", "--json", "--store", place]).data();
        assert!(pulled["lost"][0].is_string(), "{what}: {pulled}");
        assert_eq!(ids(&pulled), cloud.truth(), "{what}");
        let list = cloud.run(&["list", "--json", "--store", place]).data();
        assert_eq!(list.get("lost"), None::<&Value>, "{what}");
    });
}
