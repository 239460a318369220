//! A writer repeats nothing by itself, refuses changes that the cloud does not have, and remembers
//! for all accounts what the cloud refused.

use conv_model::{ErrorClass, IfNewer, ReadMark, RemindType, Timestamp};
use conv_sync::{
    ConversationSource, ConversationWriter, PullRequest, SourceError, WriteCall, WriteKind,
    WriteRequest,
};
use serde_json::json;

use crate::{
    cloud::{Answer, Cloud, End, OneEach, json},
    rest_samples::{account, id, ids, ok},
    rest_wire::request,
    write_wire::{DONE, UNMARKED, custom_data, mark, members, name, pin, results, write},
};

fn star(text: &str) -> WriteCall {
    WriteCall::Mark { items: vec![mark(text, &[0], &[])] }
}

fn unread_mark(text: &str) -> WriteCall {
    WriteCall::Mark { items: vec![mark(text, &[1], &[])] }
}

fn create() -> WriteCall {
    WriteCall::CreateGroup { name: name("g"), ids: ids(["C2Ca"]) }
}

/// Every kind of call.
fn every_call() -> Vec<WriteCall> {
    let until = ReadMark::new(Timestamp::from_secs(7), 9);
    vec![
        WriteCall::Delete {
            id: id("C2Ca"),
            clears_history: true,
            seen: None,
            if_newer: IfNewer::GiveUp,
        },
        pin(["C2Ca"], true),
        WriteCall::Mark { items: vec![mark("C2Ca", &[], &[0])] },
        custom_data([("C2Ca", "x")]),
        create(),
        WriteCall::RenameGroup { old: name("g"), new: name("h") },
        WriteCall::DeleteGroup { name: name("g") },
        members("g", [("C2Ca", true)]),
        WriteCall::Read { id: id("C2Ca"), until, unread: None },
        WriteCall::Read { id: id("GROUPg"), until, unread: Some(0) },
        WriteCall::Remind { id: id("GROUPg"), remind_type: RemindType::Discard },
    ]
}

#[tokio::test]
async fn a_write_whose_connection_breaks_is_not_sent_again() {
    let kinds: Vec<_> = every_call().iter().map(WriteCall::kind).collect();
    assert_eq!(kinds, WriteKind::ALL);
    for call in every_call() {
        let cloud = Cloud::new([Answer::Reset(Vec::new()), json(DONE)]).await;
        let source = cloud.builder().read_groups(true).build();
        let kind = call.kind();
        let error = write(&source, call).await.unwrap_err();
        assert!(matches!(error, SourceError::Network { .. }), "{kind:?}: {error:?}");
        assert_eq!(cloud.requests().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_write_on_a_kept_connection_that_breaks_is_not_sent_again() {
    for end in [End::Finish, End::Reset] {
        let server = OneEach::new(end, 100).await;
        let source = server.source();
        for _ in 0..6 {
            source.pull(&request()).await.unwrap();
            let before = server.refused();
            let answer = write(&source, pin(["C2Ca"], true)).await;
            // The client may notice the end before it sends, and then connects.
            assert!(server.refused() - before <= 1, "{end:?}: sent twice");
            assert_eq!(answer.is_err(), server.refused() > before, "{end:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn impossible_changes_are_refused_before_any_call() {
    let until = ReadMark::new(Timestamp::from_secs(7), 9);
    let remind = |text: &str, remind_type| WriteCall::Remind { id: id(text), remind_type };
    let cloud = Cloud::of_json([DONE]).await;
    let source = cloud.source();
    for call in [
        WriteCall::Delete {
            id: id("@TIM#SYSTEM"),
            clears_history: false,
            seen: None,
            if_newer: IfNewer::GiveUp,
        },
        WriteCall::CreateGroup { name: name("g"), ids: Vec::new() },
        WriteCall::CreateGroup { name: name("g"), ids: ids(["@TIM#SYSTEM"]) },
        members("g", [("@TIM#SYSTEM", true)]),
        custom_data([("@TIM#SYSTEM", "x")]),
        WriteCall::Read { id: id("@TIM#SYSTEM"), until, unread: None },
        // Off if not asked for.
        WriteCall::Read { id: id("GROUPg"), until, unread: Some(0) },
        remind("C2Ca", RemindType::Discard),
        remind("GROUPg", RemindType::AcceptNotNotifyExceptAt),
        remind("GROUPg", RemindType::NotReceiveMsgExceptAt),
        remind("GROUPg", "Loud".into()),
    ] {
        let error = write(&source, call.clone()).await.unwrap_err();
        assert!(matches!(error, SourceError::Unsupported { .. }), "{call:?}: {error:?}");
    }
    let source = cloud.builder().read_groups(true).build();
    let unknown_number = WriteCall::Read { id: id("GROUPg"), until, unread: None };
    // Sent as 0, the cloud might take it for now.
    let no_time = ReadMark::new(Timestamp::ZERO, 9);
    let unknown_time = WriteCall::Read { id: id("C2Ca"), until: no_time, unread: Some(0) };
    for call in [unknown_number, unknown_time] {
        let error = write(&source, call.clone()).await.unwrap_err();
        assert!(matches!(error, SourceError::InvalidArgument { .. }), "{call:?}: {error:?}");
    }
    let request = WriteRequest::new("ü".parse().unwrap(), pin(["C2Ca"], true));
    let error = source.write(&request).await.unwrap_err();
    assert!(matches!(error, SourceError::InvalidArgument { .. }), "{error:?}");
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn a_call_about_no_conversation_is_not_made() {
    let cloud = Cloud::of_json([DONE]).await;
    let source = cloud.source();
    let none = WriteCall::Mark { items: Vec::new() };
    for call in [pin([], true), custom_data([]), members("g", []), none] {
        assert_eq!(results(&write(&source, call).await.unwrap()), []);
    }
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn a_writer_states_its_capabilities() {
    let cloud = Cloud::of_json([DONE]).await;
    let offered = cloud.source().write_capabilities();
    let all = |kind: &WriteKind| *kind != WriteKind::ReadGroup;
    assert!(offered.kinds.iter().eq(WriteKind::ALL.iter().filter(|kind| all(kind))));
    assert_eq!(offered.batch(WriteKind::Pin), 50);
    assert_eq!(offered.batch(WriteKind::Mark), 100);
    assert_eq!(offered.batch(WriteKind::Members), 100);
    assert!(offered.is_listed(WriteKind::Read) && offered.is_listed(WriteKind::CustomData));
    assert!(!offered.is_listed(WriteKind::Remind));

    let source = cloud.builder().read_groups(true).marks_and_groups(false).build();
    let offered = source.write_capabilities();
    let kinds = [
        WriteKind::Delete,
        WriteKind::Pin,
        WriteKind::CustomData,
        WriteKind::Read,
        WriteKind::ReadGroup,
        WriteKind::Remind,
    ];
    assert!(offered.kinds.iter().eq(&kinds), "{offered:?}");
    assert!(!offered.is_listed(WriteKind::CustomData), "a pass does not ask for it");
    for call in [star("C2Ca"), create(), members("g", [("C2Ca", true)])] {
        let error = write(&source, call).await.unwrap_err();
        assert!(matches!(error, SourceError::Unsupported { .. }), "{error:?}");
    }
    assert!(matches!(source.look(&account()).await, Err(SourceError::Unsupported { .. })));
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn an_edition_without_marks_and_groups_is_asked_once() {
    let refused = r#"{"ActionStatus":"FAIL","ErrorCode":51013,"ErrorInfo":"no edition for it"}"#;
    let item = |code: i32| {
        let contact = json!({"Type": 1, "To_Account": "a"});
        ok(json!({"ResultItem": [{"ContactItem": contact, "ResultCode": code}]}))
    };
    let clear = || WriteCall::Mark { items: vec![mark("C2Ca", &[], &[0])] };
    for (call, answer) in [(create(), refused.to_owned()), (clear(), item(51013))] {
        let cloud = Cloud::of_json([&answer, DONE, &item(0)]).await;
        let source = cloud.source();
        let first = write(&source, call).await;
        let first = first.and_then(|written| written.items.unwrap().remove(0).1);
        assert_eq!(first.unwrap_err().code(), Some(51013));
        let group = || name("g");
        for call in [
            clear(),
            create(),
            WriteCall::RenameGroup { old: group(), new: name("h") },
            WriteCall::DeleteGroup { name: group() },
            members("g", [("C2Ca", false)]),
        ] {
            let error = write(&source, call.clone()).await.unwrap_err();
            let class_and_code = (error.class(), error.code());
            assert_eq!(class_and_code, (ErrorClass::Unsupported, Some(51013)), "{call:?}");
        }
        assert_eq!(source.look(&account()).await.unwrap_err().code(), Some(51013));
        assert_eq!(cloud.requests().len(), 1, "refused at once");
        // Every edition has these.
        write(&source, pin(["C2Ca"], true)).await.unwrap();
        write(&source, custom_data([("C2Ca", "x")])).await.unwrap();
        assert_eq!(cloud.requests().len(), 3);
    }
}

fn marked(bits: &str) -> String {
    let row = json!({"Type": 1, "To_Account": "a", "StandardMark": bits, "Timestamp": 7});
    ok(json!({"ContactResultItem": [row], "GroupItem": []}))
}

fn set() -> String {
    let contact = json!({"Type": 1, "To_Account": "a"});
    ok(json!({"ResultItem": [{"OptType": 1, "ContactItem": contact, "ResultCode": 0}]}))
}

#[tokio::test]
async fn the_first_mark_is_read_back_once() {
    let cloud = Cloud::of_json([UNMARKED, &set(), &marked("1"), &set(), &set()]).await;
    let source = cloud.source();
    for call in [star("C2Ca"), unread_mark("C2Ca"), star("C2Ca")] {
        assert_eq!(results(&write(&source, call).await.unwrap()), [("C2Ca", None)]);
    }
    let search = "/v4/recentcontact/search_contact_group?";
    let is_search: Vec<_> =
        cloud.requests().iter().map(|request| request.target().starts_with(search)).collect();
    assert_eq!(is_search, [true, false, true, false, false]);
}

#[tokio::test]
async fn clearing_a_mark_reads_nothing_back() {
    let cloud = Cloud::of_json([set()]).await;
    let clear = WriteCall::Mark { items: vec![mark("C2Ca", &[], &[0])] };
    write(&cloud.source(), clear).await.unwrap();
    assert_eq!(cloud.requests().len(), 1);
}

#[tokio::test]
async fn a_cloud_that_counts_marks_from_one_gets_no_more_of_them() {
    for shown in ["1", "100"] {
        let cloud = Cloud::of_json([UNMARKED, &set(), &marked(shown), DONE]).await;
        let source = cloud.source();
        for call in [unread_mark("C2Ca"), star("C2Cb"), unread_mark("C2Ca")] {
            let error = write(&source, call).await.unwrap_err();
            let SourceError::Unsupported { what } = &error else { panic!("{error:?}") };
            assert!(what.contains("another mark than was sent"), "{what}");
        }
        assert_eq!(cloud.requests().len(), 3, "nothing is undone, and nothing more is sent");
        write(&source, pin(["C2Ca"], true)).await.unwrap();
    }
}

#[tokio::test]
async fn a_reading_that_says_nothing_is_made_again_with_the_next_mark() {
    let odd = ok(json!({"ContactResultItem": [
        {"Type": 1, "To_Account": "a", "StandardMark": [1]}]}));
    let failed = r#"{"ActionStatus":"FAIL","ErrorCode":51013,"ErrorInfo":""}"#;
    for (before, after) in [
        // An older state beside a neighbour, the same marks as before, one that cannot be read.
        (Some(marked("1")), Some(marked("1"))),
        (Some(marked("10")), Some(marked("10"))),
        (Some(marked("0")), Some(odd.clone())),
        (Some(odd), None),
        (Some(failed.to_owned()), None),
        (Some(marked("0")), Some(failed.to_owned())),
    ] {
        let first: Vec<_> = before.into_iter().chain([set()]).chain(after).collect();
        let second = [marked("0"), set(), marked("10"), set()];
        let cloud = Cloud::of_json(first.iter().chain(&second)).await;
        let source = cloud.source();
        for _ in 0..3 {
            let written = write(&source, unread_mark("C2Ca")).await.unwrap();
            assert_eq!(results(&written), [("C2Ca", None)]);
        }
        assert_eq!(cloud.requests().len(), first.len() + second.len());
    }
}

#[tokio::test]
async fn a_mark_that_failed_is_not_read_back() {
    let contact = json!({"Type": 1, "To_Account": "a"});
    let failed = ok(json!({"ResultItem": [{"ContactItem": contact, "ResultCode": 51008}]}));
    let cloud = Cloud::of_json([UNMARKED, &failed, &marked("1")]).await;
    let written = write(&cloud.source(), unread_mark("C2Ca")).await.unwrap();
    assert_eq!(results(&written), [("C2Ca", Some(51008))]);
    assert_eq!(cloud.requests().len(), 2);
}

#[tokio::test]
async fn a_read_after_a_write_still_has_its_second_try() {
    let cloud = Cloud::new([json(DONE), Answer::Reset(Vec::new()), json(crate::rest_wire::EMPTY)]);
    let cloud = cloud.await;
    let source = cloud.source();
    write(&source, pin(["C2Ca"], true)).await.unwrap();
    source.pull(&PullRequest::new(account(), None, 100)).await.unwrap();
    assert_eq!(cloud.requests().len(), 3);
}
