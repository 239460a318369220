//! In a pseudo-terminal, which the command `script` gives.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use console::{measure_text_width, strip_ansi_codes};

use crate::support::{ACCOUNT, Cloud, Ended, LIST, Running, until};

/// A run in a terminal of 80 columns and 24 lines; `None` where there is no `script`.
fn in_terminal(cloud: &Cloud, arguments: &str, environment: &[(&str, &str)]) -> Option<Command> {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: script is not installed");
        return None;
    }
    let mut command = Command::new("/usr/bin/script");
    let conv = cloud.conv(&[]);
    for (name, value) in conv.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let line = format!("stty cols 80 rows 24; exec {} {arguments}", env!("CARGO_BIN_EXE_conv"));
    command.args(["-qec", &line, "/dev/null"]).envs(environment.iter().copied());
    command.stdin(Stdio::null());
    Some(command)
}

#[track_caller]
fn run(cloud: &Cloud, arguments: &str, environment: &[(&str, &str)]) -> Option<Ended> {
    Some(crate::support::run(&mut in_terminal(cloud, arguments, environment)?))
}

/// Names that would move the cursor, turn writing round, ring a bell, or break a table.
const HOSTILE: [&str; 9] = [
    "\u{1b}[31mred\u{1b}[2J",
    "\u{9b}2Jgone\u{7}",
    "two\r\nlines\tand a tab",
    "\u{202e}txt.exe\u{2066}",
    "微信客户服务中心微信客户服务中心微信客户服务中心",
    "👩‍👩‍👧‍👦 family ❤️",
    "עברית and العربية",
    "z̷̢̛͎a̶̡͐l̶͈̐g̸̰̈́o̵̡͌",
    "\u{feff}\u{0}\u{8}\u{8}\u{8}",
];

/// The cloud's newest conversations have hostile names.
fn hostile_cloud() -> Cloud {
    let cloud = Cloud::of(30);
    let world = cloud.emulator.world();
    for (n, name) in HOSTILE.iter().enumerate() {
        let user = format!("hostile_{n}");
        world.add_user(&user, name);
        world.touch(ACCOUNT, &format!("C2C{user}")).unwrap();
    }
    cloud.run(&["sync", "--json"]).data();
    cloud
}

#[test]
fn hostile_names_are_harmless_and_leave_the_table_aligned() {
    let cloud = hostile_cloud();
    let Some(list) = run(&cloud, "list --color never", &[]) else { return };
    let shown: Vec<_> = list.out.lines().map(|line| line.trim_end_matches('\r')).collect();
    let harmful = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!shown.iter().any(|line| line.contains(harmful)), "{shown:?}");
    let column = measure_text_width(shown[0].split("CONVERSATION").next().unwrap());
    for (n, _) in HOSTILE.iter().enumerate() {
        let id = format!("C2Chostile_{n}");
        let line = shown.iter().find(|line| line.contains(&id)).unwrap();
        assert_eq!(measure_text_width(line.split(&id).next().unwrap()), column, "{line}");
        assert!(measure_text_width(line) <= 80, "{line}");
    }
}

#[test]
fn hostile_names_are_escaped_in_json_and_keep_their_meaning() {
    let cloud = hostile_cloud();
    let list = cloud.run(&["list", "--json"]);
    assert!(!list.out.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'));
    let data = list.data();
    let rows = data["conversationList"].as_array().unwrap();
    for (n, name) in HOSTILE.iter().enumerate() {
        let id = format!("C2Chostile_{n}");
        let row = rows.iter().find(|row| row["conversationID"] == id.as_str()).unwrap();
        assert_eq!(row["userProfile"]["nick"], *name);
    }
}

#[test]
fn colors_are_for_terminals_unless_no_color_is_set() {
    let cloud = Cloud::of(30);
    cloud.run(&["sync", "--json"]).data();
    let Some(colored) = run(&cloud, "list", &[]) else { return };
    assert!(colored.out.contains("\u{1b}["), "{colored:?}");
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CONV_COLOR", "never")] {
        let plain = run(&cloud, "list", &[environment]).unwrap();
        assert!(!plain.out.contains("\u{1b}["), "{plain:?}");
        assert_eq!(strip_ansi_codes(&colored.out), plain.out);
    }
    assert!(!cloud.run(&["list"]).out.contains('\u{1b}'));
}

#[test]
fn a_sync_shows_a_bar_and_takes_it_away() {
    let cloud = Cloud::of(300);
    let Some(sync) = run(&cloud, "sync", &[]) else { return };
    assert_eq!(sync.code, Some(0), "{sync:?}");
    let (bar, result) = sync.out.rsplit_once("\u{1b}[2K").unwrap();
    assert!(bar.contains("rows"), "{bar:?}");
    assert!(result.contains("300 rows, "), "{result:?}");
}

#[test]
fn ctrl_c_takes_the_bar_away() {
    let cloud = Cloud::of(300);
    let stalled = conv_emulator::Fault::Stalled;
    cloud.emulator.faults().push(conv_emulator::Rule::always(stalled).on(LIST));
    let Some(mut command) = in_terminal(&cloud, "sync", &[]) else { return };
    let mut running = Running::of(command.stdin(Stdio::piped()));
    until("a call", || cloud.emulator.calls().of(LIST) > 0);
    let mut keys = running.0.stdin.take().unwrap();
    std::io::Write::write_all(&mut keys, b"\x03").unwrap();
    let ended = running.end();
    drop(keys);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let last = ended.out.rsplit("\u{1b}[2K").next().unwrap();
    assert!(last.contains("conv: interrupted; the rows pulled so far are kept"), "{ended:?}");
    assert!(!ended.out.contains("\u{1b}[?25l"), "the cursor stays: {ended:?}");
}

#[test]
fn a_watch_draws_only_lines_that_changed() {
    let cloud = Cloud::of(60);
    cloud.run(&["sync", "--json"]).data();
    // A row among those that are shown, so that no column gets another width.
    let before = cloud.truth();
    let unpinned = before.iter().skip(8);
    let moved = unpinned.clone().nth(4).unwrap();
    cloud.emulator.world().touch(ACCOUNT, moved).unwrap();
    let Some(watch) = run(&cloud, "watch --updates 2 --color never", &[]) else { return };
    assert_eq!(watch.code, Some(0), "{watch:?}");
    assert!(watch.out.contains("NAME"), "{watch:?}");
    assert!(watch.out.contains("\u{1b}[K\u{1b}["), "lines are drawn again in place: {watch:?}");
    assert!(!watch.out.contains("\u{1b}[2J"), "{watch:?}");
    assert_eq!(watch.out.matches("NAME").count(), 1, "the header is drawn once: {watch:?}");
}
