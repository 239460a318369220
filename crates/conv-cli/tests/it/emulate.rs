//! `conv emulate` and `conv demo`.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Ended, KEY, Running, conv, ids, rows, run};

fn emulate(
    arguments: &[&str],
    key: Option<&str>,
) -> (Running, BufReader<std::process::ChildStdout>) {
    let mut command = conv([&["emulate", "--port", "0"], arguments].concat());
    if let Some(key) = key {
        command.env("CONV_SECRET_KEY", key);
    }
    let mut running = Running::of(&mut command);
    let out = BufReader::new(running.0.stdout.take().unwrap());
    (running, out)
}

pub(crate) fn line(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Runs a line of a shell with the binary in the path.
pub(crate) fn shell(line: &str, key: Option<&str>) -> Ended {
    let folder = Path::new(env!("CARGO_BIN_EXE_conv")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("PATH", path).stdin(Stdio::null());
    if let Some(key) = key {
        command.env("CONV_SECRET_KEY", key);
    }
    run(&mut command)
}

#[test]
fn the_first_line_says_where_and_the_second_is_the_command_that_lists() {
    for key in [None, Some(KEY)] {
        let settings = ["--conversations", "30", "--account", "o'hara & co", "--seed", "3"];
        let (running, mut out) = emulate(&settings, key);
        let first = line(&mut out);
        let port: u16 =
            first.strip_prefix("listening on http://127.0.0.1:").unwrap().parse().unwrap();
        let second = line(&mut out);
        assert!(second.contains("conv list --sync "), "{second}");
        assert!(second.contains(&format!("--base-url http://127.0.0.1:{port} ")), "{second}");
        assert!(!second.contains(KEY));
        let list = shell(&format!("{second} --json"), key).data();
        assert_eq!(ids(&list).len(), 30);
        assert_eq!(list["isSyncCompleted"], true);
        running.interrupt();
        let ended = running.end();
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_variable_means_the_same_with_what_is_around_it() {
    let mut command = conv(["emulate", "--port", "0", "--conversations", "30", "--json"]);
    let values = [
        ("CONV_SECRET_KEY", KEY),
        ("CONV_SDKAPPID", "1400000007"),
        ("CONV_ACCOUNT", "alice"),
        ("CONV_IDENTIFIER", "boss"),
        ("CONV_PLAN_LIMIT", "300"),
    ];
    command.envs(values.map(|(name, value)| (name, format!("\u{feff}\"{value}\"\r\n"))));
    let mut running = Running::of(&mut command);
    let first = line(&mut BufReader::new(running.0.stdout.take().unwrap()));
    let data = serde_json::from_str::<serde_json::Value>(&first).unwrap()["data"].clone();
    assert_eq!((&data["account"], &data["identifier"]), (&"alice".into(), &"boss".into()));
    assert_eq!(data["sdkAppID"], 1_400_000_007);
    let url = data["baseUrl"].as_str().unwrap();
    let mut list = conv(["list", "--sync", "--json", "--store", "memory:", "--base-url", url]);
    assert_eq!(ids(&run(list.envs(values)).data()).len(), 30);
}

#[test]
fn equal_settings_make_equal_worlds() {
    let settings = ["--conversations", "20", "--seed", "9", "--now", "1775552160"];
    let lists = [(); 2].map(|()| {
        let (running, mut out) = emulate(&settings, None);
        line(&mut out);
        let list = shell(&format!("{} --json", line(&mut out)), None).data();
        drop(running);
        rows(&list)
    });
    assert_eq!(lists[0], lists[1]);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let (_running, mut out) = emulate(&[], None);
    let first = line(&mut out);
    let port = first.rsplit(':').next().unwrap();
    let second = run(&mut conv(["emulate", "--port", port, "--json"]));
    assert_eq!(second.failed(9), "store");
}

#[test]
fn the_demo_shows_all_in_one_screen_and_ends_by_itself() {
    let demo = run(&mut conv(["demo"]));
    assert_eq!((demo.code, demo.err.as_str()), (Some(0), ""), "{demo:?}");
    for part in ["$ conv sync", "100 rows: complete", "$ conv list", "NAME", "$ conv watch"] {
        assert!(demo.out.contains(part), "{part}: {}", demo.out);
    }
    for step in ["insert ", "move ", "update ", "remove "] {
        assert!(demo.out.contains(step), "{step}: {}", demo.out);
    }
    assert!(demo.out.lines().count() <= 40, "{}", demo.out);
    // The table's times depend on the moment; what happens does not, however long it takes.
    let happens = |out: &str| out.split_once("$ conv watch").unwrap().1.to_owned();
    let slow = run(&mut conv(["demo", "--pause", "1"]));
    assert_eq!(happens(&slow.out), happens(&demo.out));
}
