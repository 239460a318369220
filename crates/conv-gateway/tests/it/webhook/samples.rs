//! One sample of each command in its documented shape, and what it means.

use std::{fs, path::Path};

use conv_gateway::webhook::{Command, EventKind};
use conv_model::{MessageKind, Timestamp};

use super::{event, marks};

/// The commands with their bodies, in order of their names.
pub(crate) fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = paths
        .map(|path| {
            let command = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (command, fs::read_to_string(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

fn kind(command: Command) -> EventKind {
    let samples = samples();
    let (name, body) = samples.iter().find(|(name, _)| name == command.as_str()).unwrap();
    event(name, body).kind
}

#[test]
fn each_known_command_has_a_sample_that_reads() {
    let samples = samples();
    let names: Vec<_> = samples.iter().map(|(name, _)| name.as_str()).collect();
    let mut known: Vec<_> = Command::ALL.iter().map(|command| command.as_str()).collect();
    known.retain(|name| !["before", "other"].contains(name));
    known.sort_unstable();
    assert_eq!(names, known);
    for (name, body) in &samples {
        let event = event(name, body);
        assert_eq!(event.command.as_str(), name);
        assert!(!matches!(event.kind, EventKind::Unknown(_)), "{name}: {:?}", event.kind);
        assert_eq!(event.dropped, 0, "{name}");
        let has_time = body.contains("EventTime");
        assert_eq!(event.time(), has_time.then(|| Timestamp::from_secs(1_775_000_000)), "{name}");
    }
}

#[test]
fn each_command_marks_the_lists_that_it_concerns() {
    let expected: [(&str, &[&str]); 19] = [
        ("C2C.CallbackAfterModifyMsg", &["alice: message C2Cbob", "bob: message C2Calice"]),
        (
            "C2C.CallbackAfterMsgReadAll",
            &["bob: unread all C2C GROUP@TGS#1ABCDEFGH GROUPsuppliers"],
        ),
        ("C2C.CallbackAfterMsgReport", &["bob: unread C2Calice", "alice: unread C2Cbob"]),
        (
            "C2C.CallbackAfterMsgWithDraw",
            &["alice: message C2Cbob", "bob: message C2Calice", "bob: unread C2Calice"],
        ),
        ("C2C.CallbackAfterSendMsg", &["alice: list C2Cbob", "bob: list C2Calice"]),
        (
            "Group.CallbackAfterCreateGroup",
            &[
                "dave: list GROUP@TGS#1ABCDEFGH",
                "erin: list GROUP@TGS#1ABCDEFGH",
                "carol: list GROUP@TGS#1ABCDEFGH",
            ],
        ),
        (
            "Group.CallbackAfterCreateTopic",
            &["holders of GROUP@TGS#_town: list GROUP@TGS#_town@TOPIC#_market"],
        ),
        (
            "Group.CallbackAfterGroupDestroyed",
            &[
                "carol: list GROUP@TGS#1ABCDEFGH",
                "dave: list GROUP@TGS#1ABCDEFGH",
                "holders of GROUP@TGS#1ABCDEFGH: list GROUP@TGS#1ABCDEFGH",
            ],
        ),
        (
            "Group.CallbackAfterGroupInfoChanged",
            &["holders of GROUP@TGS#1ABCDEFGH: profile GROUP@TGS#1ABCDEFGH"],
        ),
        ("Group.CallbackAfterMemberExit", &["frank: list GROUP@TGS#1ABCDEFGH"]),
        (
            "Group.CallbackAfterModifyMsg",
            &["holders of GROUP@TGS#1ABCDEFGH: message GROUP@TGS#1ABCDEFGH"],
        ),
        (
            "Group.CallbackAfterNewMemberJoin",
            &[
                "frank: list GROUP@TGS#1ABCDEFGH",
                "holders of GROUP@TGS#1ABCDEFGH: profile GROUP@TGS#1ABCDEFGH",
            ],
        ),
        (
            "Group.CallbackAfterRecallMsg",
            &[
                "holders of GROUP@TGS#1ABCDEFGH: message GROUP@TGS#1ABCDEFGH",
                "holders of GROUP@TGS#1ABCDEFGH: unread GROUP@TGS#1ABCDEFGH",
            ],
        ),
        (
            "Group.CallbackAfterSendMsg",
            &[
                "carol: list GROUP@TGS#_town@TOPIC#_market",
                "holders of GROUP@TGS#_town@TOPIC#_market: list GROUP@TGS#_town@TOPIC#_market",
            ],
        ),
        (
            "Group.CallbackAfterTopicDestroyed",
            &[
                "holders of GROUP@TGS#_town@TOPIC#_market: list GROUP@TGS#_town@TOPIC#_market",
                "holders of GROUP@TGS#_town@TOPIC#_jobs: list GROUP@TGS#_town@TOPIC#_jobs",
            ],
        ),
        (
            "Group.CallbackAfterTopicInfoChanged",
            &["holders of GROUP@TGS#_town@TOPIC#_market: profile GROUP@TGS#_town@TOPIC#_market"],
        ),
        ("Profile.CallbackPortraitSet", &["holders of C2Calice: profile C2Calice"]),
        ("Alert.RequestOverLimit", &[]),
        ("State.StateChange", &[]),
    ];
    let samples = samples();
    for (name, body) in &samples {
        let marks = marks(&event(name, body));
        let expected = expected.iter().find(|(of, _)| of == name);
        assert_eq!(marks, expected.map_or(&[][..], |(_, marks)| marks), "{name}");
    }
    let found = |name: &str| samples.iter().any(|(of, _)| of == name);
    assert!(expected.iter().all(|(name, _)| found(name)));
}

#[test]
fn bodies_are_read_beyond_their_accounts() {
    let EventKind::C2cSent { message, .. } = kind(Command::C2cSent) else { panic!() };
    let content = message.content.unwrap();
    assert_eq!((message.sequence, message.time.unwrap().as_secs()), (48_374, 1_775_000_000));
    assert_eq!(content.payload.as_ref().unwrap().text().unwrap(), "see you at noon");
    assert_eq!((&*content.from_account, content.sequence), ("alice", 48_374));

    let EventKind::GroupSent { message, .. } = kind(Command::GroupSent) else { panic!() };
    let content = message.content.unwrap();
    assert_eq!(content.kind, MessageKind::Custom);
    assert!(content.payload.as_ref().unwrap().as_json().contains("order"));

    let EventKind::C2cRead { read_to, .. } = kind(Command::C2cRead) else { panic!() };
    assert_eq!(read_to, Some(Timestamp::from_secs(1_775_000_000)));

    let EventKind::ReadAll { groups, .. } = kind(Command::C2cReadAll) else { panic!() };
    assert_eq!(groups.iter().map(|group| group.sequence).collect::<Vec<_>>(), [120, 9]);

    let EventKind::ProfileChanged { name, avatar, .. } = kind(Command::ProfileChanged) else {
        panic!()
    };
    assert_eq!((name.as_deref(), avatar), (Some("Alice B."), None));

    let EventKind::GroupChanged { name, .. } = kind(Command::TopicChanged) else { panic!() };
    assert_eq!(name.as_deref(), Some("market square"));

    let EventKind::StateChanged { is_login, .. } = kind(Command::StateChanged) else { panic!() };
    assert!(is_login);

    let EventKind::OverLimit { command, limit, .. } = kind(Command::OverLimit) else { panic!() };
    assert_eq!((&*command, limit), ("get_list", Some(200)));
}
