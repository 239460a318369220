//! Changes over the real wire: each is applied as it was meant, and known to be as far as the cloud
//! says so.

use conv_api::{
    ErrorClass, IfNewer, Marks, RestSource, Timestamp,
    model::{GroupName, ReadMark, RemindType},
    sync::{
        ConversationWriter, MarkItem, Retry, SourceError, WriteCall, WriteKind, WriteRequest,
        Written,
    },
};
use conv_emulator::{
    Applied, Change, Edition, Emulator, Fault, GroupType, Item, Lag, MsgFlag, Rule, Unknowns,
};
use conv_tests::online::{ACCOUNT, emulator, id, source};

const ALICE: &str = "C2Calice";
const BOB: &str = "C2Cbob";
const TEAM: &str = "GROUP@TGS#1";

/// A cloud whose account has two users and a group in its list.
async fn cloud() -> Emulator {
    started(emulator(5)).await
}

async fn started(builder: conv_emulator::Builder) -> Emulator {
    let cloud = builder.start().await.unwrap();
    let world = cloud.world();
    world.add_user("alice", "Alice");
    world.add_user("bob", "Bob");
    world.add_group("@TGS#1", GroupType::Public, "The team");
    for conversation in [ALICE, BOB, TEAM] {
        world.touch(ACCOUNT, conversation).unwrap();
    }
    cloud
}

async fn write(source: &RestSource, call: &WriteCall) -> Result<Written, SourceError> {
    let request = WriteRequest::new(ACCOUNT.parse().unwrap(), call.clone());
    source.write(&request).await
}

fn name(text: &str) -> GroupName {
    text.parse().unwrap()
}

fn mark(text: &str, set: u64, clear: u64) -> MarkItem {
    let mut item = MarkItem::new(id(text));
    (item.set, item.clear) = (Marks::from_bits(set), Marks::from_bits(clear));
    item
}

fn star(texts: &[&str]) -> WriteCall {
    WriteCall::Mark { items: texts.iter().map(|text| mark(text, 1, 0)).collect() }
}

fn custom_data(texts: &[&str]) -> WriteCall {
    WriteCall::CustomData { items: texts.iter().map(|text| (id(text), "x".into())).collect() }
}

fn pin(texts: &[&str]) -> WriteCall {
    WriteCall::Pin { ids: texts.iter().map(|text| id(text)).collect(), is_pinned: true }
}

fn create(texts: &[&str]) -> WriteCall {
    let ids = texts.iter().map(|text| id(text)).collect();
    WriteCall::CreateGroup { name: name("Press"), ids }
}

fn members(texts: &[&str]) -> WriteCall {
    let items = texts.iter().map(|text| (id(text), true)).collect();
    WriteCall::Members { name: name("Old"), items }
}

/// A change, the command that makes it, what it does, and how the cloud answers it once more: with a
/// code, or 0.
struct Case {
    call: WriteCall,
    command: &'static str,
    change: Change,
    again: i32,
}

/// One of each kind, in a world that has the group "Old" with Bob in it.
fn cases(now: u64) -> Vec<Case> {
    let (alice, team) = (|| ALICE.to_owned(), || TEAM.to_owned());
    let old = || "Old".to_owned();
    let until = ReadMark::new(Timestamp::from_secs(now), 1);
    let case = |call, command, change, again| Case { call, command, change, again };
    vec![
        case(
            WriteCall::Delete {
                id: id(ALICE),
                clears_history: true,
                seen: None,
                if_newer: IfNewer::GiveUp,
            },
            "recentcontact/delete",
            Change::Deleted { conversation: alice(), history: true },
            0,
        ),
        case(pin(&[ALICE]), "recentcontact/top", Change::Pinned { conversation: alice() }, 0),
        case(
            WriteCall::Mark { items: vec![mark(ALICE, 1 | 1 << 63, 2)] },
            "recentcontact/mark_contact",
            Change::Marked { conversation: alice(), set: 1 | 1 << 63, clear: 2 },
            0,
        ),
        case(
            custom_data(&[ALICE]),
            "recentcontact/mark_contact",
            Change::CustomMark { conversation: alice(), text: "x".into() },
            0,
        ),
        case(
            create(&[ALICE]),
            "recentcontact/create_contact_group",
            Change::GroupCreated { group: "Press".into() },
            51007,
        ),
        case(
            WriteCall::RenameGroup { old: name("Old"), new: name("New") },
            "recentcontact/update_contact_group",
            Change::GroupRenamed { from: old(), to: "New".into() },
            51009,
        ),
        case(
            WriteCall::DeleteGroup { name: name("Old") },
            "recentcontact/del_contact_group",
            Change::GroupDeleted { group: old() },
            51009,
        ),
        case(
            members(&[ALICE]),
            "recentcontact/update_contact_group",
            Change::Added { conversation: alice(), group: old() },
            0,
        ),
        case(
            WriteCall::Read { id: id(ALICE), until, unread: None },
            "openim/admin_set_msg_read",
            Change::Read { conversation: alice(), until: now },
            0,
        ),
        case(
            WriteCall::Read { id: id(TEAM), until, unread: Some(3) },
            "group_open_http_svc/set_unread_msg_num",
            Change::Unread { conversation: team(), count: 3 },
            0,
        ),
        case(
            WriteCall::Remind { id: id(TEAM), remind_type: RemindType::Discard },
            "group_open_http_svc/modify_group_member_info",
            Change::MsgFlag { conversation: team(), flag: MsgFlag::Discard },
            0,
        ),
    ]
}

/// A cloud for a case, and a writer for it that may mark groups as read.
async fn cloud_of_case() -> (Emulator, RestSource) {
    let cloud = cloud().await;
    cloud.world().group(ACCOUNT, BOB, "Old").unwrap();
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    let signer = conv_api::UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let source = RestSource::builder(url, cloud.sdk_app_id(), signer).read_groups(true).build();
    (cloud, source)
}

/// The writes that made a change, and whether each was the first to make it.
fn applied(cloud: &Emulator, case: &Case) -> Vec<bool> {
    let writes = cloud.world().writes(ACCOUNT).unwrap();
    let is_meant = |write: &&Applied| write.change == case.change && write.command == case.command;
    writes.iter().filter(is_meant).map(|write| write.changed).collect()
}

/// The result of each item that an answer names: its code, or 0.
fn results(written: &Written) -> Vec<(&str, i32)> {
    let items = written.items.as_ref().unwrap().iter();
    let code = |error: &SourceError| error.code().unwrap_or(-1);
    items.map(|(id, result)| (id.as_str(), result.as_ref().err().map_or(0, code))).collect()
}

#[tokio::test]
async fn every_change_is_applied_as_it_was_meant() {
    let kinds: Vec<_> = cases(0).iter().map(|case| case.call.kind()).collect();
    assert_eq!(kinds, WriteKind::ALL);
    for at in 0..kinds.len() {
        let (cloud, source) = cloud_of_case().await;
        let case = cases(cloud.world().now()).swap_remove(at);
        let written = write(&source, &case.call).await.unwrap();
        let is_done = written.items.iter().flatten().all(|(_, result)| result.is_ok());
        assert!(is_done, "{written:?}");
        assert_eq!(applied(&cloud, &case), [true], "{:?}", case.call);
        assert_eq!(cloud.calls().of(case.command), 1);
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_sent_once_and_may_be_sent_again() {
    for at in 0..WriteKind::ALL.len() {
        let (cloud, source) = cloud_of_case().await;
        let case = cases(cloud.world().now()).swap_remove(at);
        cloud.faults().push(Rule::once(Fault::Reset).on(case.command));
        let error = write(&source, &case.call).await.unwrap_err();
        let reported = (error.class(), error.retry(), error.code());
        assert_eq!(reported, (ErrorClass::Transient, Retry::BackOff, None), "{:?}", case.call);
        assert_eq!(cloud.calls().of(case.command), 1, "{:?}: sent twice", case.call);
        assert_eq!(applied(&cloud, &case), [true]);

        let again = write(&source, &case.call).await;
        let code = again.as_ref().map_or_else(|error| error.code().unwrap_or(-1), |_| 0);
        assert_eq!(code, case.again, "{:?}: {again:?}", case.call);
        assert_eq!(applied(&cloud, &case).iter().filter(|changed| **changed).count(), 1);
    }
}

#[tokio::test]
async fn a_change_that_the_cloud_applied_and_called_failed_says_that_it_may_be_tried_again() {
    for code in [50004, 50005] {
        let (cloud, source) = cloud_of_case().await;
        let case = cases(cloud.world().now()).swap_remove(1);
        cloud.faults().push(Rule::once(Fault::AppliedCode(code)).on("top"));
        let error = write(&source, &case.call).await.unwrap_err();
        assert_eq!((error.class(), error.retry()), (ErrorClass::Transient, Retry::BackOff));
        assert_eq!(error.code(), Some(code as i32));
        assert_eq!(applied(&cloud, &case), [true]);
    }
}

#[tokio::test]
async fn an_item_that_fails_and_one_whose_result_is_missing_leave_the_others_done() {
    let three = [ALICE, BOB, TEAM];
    for call in [star(&three), custom_data(&three), create(&three), members(&three)] {
        let (cloud, source) = cloud_of_case().await;
        let failing = Item::Conversation(BOB.into());
        let failure = Fault::ItemCode { item: failing, code: 51008 };
        cloud.faults().push(Rule::always(failure));
        cloud.faults().push(Rule::always(Fault::ItemMissing(Item::Conversation(ALICE.into()))));
        let written = write(&source, &call).await.unwrap();
        assert_eq!(results(&written), [(BOB, 51008), (TEAM, 0)], "{call:?}");

        cloud.faults().clear();
        let written = write(&source, &call).await;
        match call {
            // A caller that sends it again has to look first.
            WriteCall::CreateGroup { .. } => {
                assert_eq!(written.unwrap_err().code(), Some(51007));
            }
            _ => assert_eq!(results(&written.unwrap()), three.map(|text| (text, 0))),
        }
    }
}

#[tokio::test]
async fn a_dissolved_group_fails_by_itself() {
    let (cloud, source) = cloud_of_case().await;
    cloud.world().dissolve_group("@TGS#1").unwrap();
    let written = write(&source, &members(&[ALICE, TEAM])).await.unwrap();
    assert_eq!(results(&written), [(ALICE, 0), (TEAM, 51007)]);
}

#[tokio::test]
async fn a_bad_pin_is_the_refusal_of_the_call_whatever_became_of_the_others() {
    for (unknowns, pinned) in [("top=all-or-nothing", false), ("top=partial", true)] {
        let cloud = started(emulator(5).unknowns(unknowns.parse().unwrap())).await;
        let failure = Fault::ItemCode { item: Item::Place(2), code: 50002 };
        cloud.faults().push(Rule::once(failure));
        let error = write(&source(&cloud), &pin(&[ALICE, BOB])).await.unwrap_err();
        assert_eq!((error.code(), error.retry()), (Some(50002), Retry::Never));
        let listing = cloud.world().listing(ACCOUNT).unwrap();
        let alice = listing.iter().find(|row| row.id == ALICE).unwrap();
        assert_eq!(alice.pinned, pinned, "{unknowns}");
    }
}

#[tokio::test]
async fn more_than_fifty_pins_are_refused_for_good() {
    let cloud = emulator(80).start().await.unwrap();
    let listing = cloud.world().listing(ACCOUNT).unwrap();
    let all: Vec<&str> = listing.iter().map(|row| row.id.as_str()).collect();
    let source = source(&cloud);
    let error = write(&source, &pin(&all[..51])).await.unwrap_err();
    assert_eq!((error.code(), error.retry()), (Some(51012), Retry::Never));
    assert_eq!(error.class(), ErrorClass::InvalidArgument);
}

#[tokio::test]
async fn an_edition_without_marks_and_groups_is_asked_once_and_takes_the_rest() {
    let cloud = started(emulator(5).edition(Edition::Standard)).await;
    let source = source(&cloud);
    let written = write(&source, &star(&[ALICE])).await.unwrap();
    assert_eq!(results(&written), [(ALICE, 51013)]);
    let calls = cloud.calls().total;
    // An upgrade is not noticed before the hour is over.
    cloud.world().set_edition(Edition::Pro);
    for call in [star(&[BOB]), create(&[ALICE]), members(&[ALICE])] {
        let error = write(&source, &call).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (Some(51013), ErrorClass::Unsupported));
    }
    assert_eq!(cloud.calls().total, calls);
    write(&source, &pin(&[ALICE])).await.unwrap();
    let written = write(&source, &custom_data(&[ALICE])).await.unwrap();
    assert_eq!(results(&written), [(ALICE, 0)]);
}

#[tokio::test]
async fn marks_are_read_back_once_and_are_those_that_were_sent() {
    let cloud = cloud().await;
    let source = source(&cloud);
    for call in [star(&[ALICE, BOB]), star(&[TEAM])] {
        write(&source, &call).await.unwrap();
    }
    let search = "recentcontact/search_contact_group";
    assert_eq!((cloud.calls().of(search), cloud.calls().total), (2, 4));
    let listing = cloud.world().listing(ACCOUNT).unwrap();
    assert_eq!(listing.iter().filter(|row| row.marks & 1 == 1).count(), 3);
}

#[tokio::test]
async fn a_cloud_that_counts_marks_from_one_is_found_out_and_keeps_the_wrong_mark() {
    let cloud = started(emulator(5).unknowns("set-mark-base=1".parse().unwrap())).await;
    let source = source(&cloud);
    let unread = WriteCall::Mark { items: vec![mark(ALICE, 2, 0)] };
    for call in [unread.clone(), star(&[BOB]), unread] {
        let error = write(&source, &call).await.unwrap_err();
        assert!(matches!(error, SourceError::Unsupported { .. }), "{error:?}");
    }
    let writes = cloud.world().writes(ACCOUNT).unwrap();
    let [Applied { change: Change::Marked { set, clear, .. }, .. }] = &writes[..] else {
        panic!("{writes:?}")
    };
    assert_eq!((*set, *clear), (1, 0), "a star, and nothing undone");
}

#[tokio::test]
async fn a_read_that_lags_behind_does_not_make_marks_look_wrong() {
    let cloud = cloud().await;
    cloud.world().mark(ACCOUNT, ALICE, 1, 0).unwrap();
    cloud.faults().push(Rule::once(Fault::StaleReads(Lag::Calls(1))).on("mark_contact"));
    let source = source(&cloud);
    let unread = |text| WriteCall::Mark { items: vec![mark(text, 2, 0)] };
    for text in [ALICE, BOB] {
        write(&source, &unread(text)).await.unwrap();
    }
    let listing = cloud.world().listing(ACCOUNT).unwrap();
    let marks = |text| listing.iter().find(|row| row.id == text).unwrap().marks;
    assert_eq!((marks(ALICE), marks(BOB)), (3, 2));
}

#[tokio::test]
async fn a_look_names_the_groups_that_exist() {
    let (cloud, source) = cloud_of_case().await;
    write(&source, &create(&[ALICE])).await.unwrap();
    let groups = source.look(&ACCOUNT.parse().unwrap()).await.unwrap();
    let mut names: Vec<_> = groups.names.iter().map(|(_, name)| name.to_string()).collect();
    names.sort();
    let mut expected = cloud.world().conversation_groups(ACCOUNT).unwrap();
    expected.sort();
    assert_eq!(names, expected);
    assert!(names.contains(&"Press".to_owned()));
}

#[tokio::test]
async fn creating_a_group_that_exists_may_merge() {
    let cloud = cloud().await;
    let unknowns: Unknowns = "create-existing=merge".parse().unwrap();
    cloud.world().set_unknowns(unknowns);
    let source = source(&cloud);
    for text in [ALICE, BOB] {
        let written = write(&source, &create(&[text])).await.unwrap();
        assert_eq!(results(&written), [(text, 0)]);
    }
}
