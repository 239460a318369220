//! The output of `--help`.

use crate::support::{committed, conv, run};

const COMMANDS: [&[&str]; 31] = [
    &[],
    &["sync"],
    &["list"],
    &["profile"],
    &["watch"],
    &["pin"],
    &["unpin"],
    &["mark"],
    &["unmark"],
    &["custom-data"],
    &["read"],
    &["delete"],
    &["group"],
    &["group", "list"],
    &["group", "create"],
    &["group", "add"],
    &["group", "remove"],
    &["group", "rename"],
    &["group", "delete"],
    &["outbox"],
    &["outbox", "list"],
    &["outbox", "flush"],
    &["outbox", "retry"],
    &["outbox", "drop"],
    &["usersig"],
    &["usersig", "make"],
    &["usersig", "verify"],
    &["id"],
    &["doctor"],
    &["emulate"],
    &["demo"],
];

/// Commands whose examples are those of the commands below them.
fn is_parent(command: &[&str]) -> bool {
    [["usersig"], ["group"]].iter().any(|parent| command == parent)
}

#[test]
fn the_help_of_every_command_is_as_committed() {
    for command in COMMANDS {
        let help = run(&mut conv(command.iter().copied().chain(["--help"])));
        assert_eq!(help.code, Some(0), "{help:?}");
        let name = [&["conv"], command].concat().join("-");
        committed(&format!("help/{name}.txt"), &help.out);
    }
}

#[test]
fn every_command_has_an_example() {
    for command in COMMANDS.iter().filter(|command| !command.is_empty() && !is_parent(command)) {
        let help = run(&mut conv(command.iter().copied().chain(["--help"]))).out;
        assert!(help.contains(&format!("conv {}", command.join(" "))), "{command:?}");
        assert!(help.contains("Example"), "{command:?}");
    }
}

#[test]
fn the_version_is_said_as_people_expect() {
    let version = run(&mut conv(["--version"]));
    assert_eq!(version.out, format!("conv {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(version.code, Some(0));
}

#[test]
fn a_wrong_command_line_is_an_invalid_argument_in_words_and_in_json() {
    let words = run(&mut conv(["list", "--account", "a", "--limit", "0"]));
    assert_eq!((words.code, words.out.as_str()), (Some(2), ""));
    assert!(words.err.contains("--limit"), "{words:?}");
    let json = run(&mut conv(["list", "--account", "a", "--limit", "0", "--json"]));
    assert_eq!(json.failed(2), "invalid_argument");
    assert_eq!(json.err, "");
    for wrong in [
        &["list", "--json"][..],
        &["list", "--account", "a", "--options", "{\"groupname\":\"x\"}", "--json"],
        &["list", "--account", "a", "--options", "[]", "--json"],
        &["list", "--account", "a", "--id", "c2calice", "--json"],
        &["list", "--account", "a", "--mark", "3", "--json"],
        &["list", "--account", "a", "--after", "nonsense", "--json"],
        &["sync", "--account", "a", "--plan-limit", "501", "--json"],
        &["sync", "--account", "a", "--json"],
        &["sync", "--account", "a", "--base-url", "http://chat.example", "--json"],
        &["profile", "alice", "--account", "a", "--json"],
        &["emulate", "--fault", "nonsense", "--json"],
    ] {
        assert_eq!(run(&mut conv(wrong.iter().copied())).failed(2), "invalid_argument");
    }
}
