//! Events and the lists that follow from them.

use std::time::Duration;

use conv_api::{Facet, WatchOptions};
use conv_emulator::{Fault, Rule};
use serde_json::json;

use super::stage::{LISTING, NOW, Plan, Stage, fresh, shown};

/// W1: nothing is asked of the cloud before the answer, and nothing waits for it. W6: the marks of a
/// watched account become a pass.
#[tokio::test]
async fn a_message_is_answered_at_once_and_pulled_afterwards() {
    let stage = Stage::new().await;
    let alice = stage.watch("alice").await;
    let (reached, before) = (alice.newest_reached(), stage.marks().0);
    stage.cloud.reset_calls();
    let body = stage.said("dave", "alice", "Hello");
    stage.event("C2C.CallbackAfterSendMsg", body).await;
    // The test's thread is the only one: no task has run since.
    assert_eq!(stage.cloud.calls().total, 0);
    assert_eq!(stage.marks().0, before + 1);
    alice.reached_after(reached).await.unwrap();
    assert_eq!(shown(&alice), stage.truth("alice"));
    assert!(shown(&alice).contains(&"C2Cdave".to_owned()));
    assert_eq!(stage.outcomes(), [("marked".to_owned(), 1)].into());
    assert_eq!(stage.stats().last_events[0].1.as_secs(), NOW);
}

/// W1: a cloud that is gone does not matter to the answer.
#[tokio::test]
async fn a_message_is_answered_without_the_cloud() {
    let stage = Stage::new().await;
    let _alice = stage.watch("alice").await;
    let body = stage.said("dave", "alice", "Hello");
    let before = stage.marks().0;
    stage.cloud.faults().push(Rule::always(Fault::Stalled));
    stage.event("C2C.CallbackAfterSendMsg", body).await;
    assert_eq!(stage.marks().0, before + 1);
}

/// A webhook during a pass, whose pages may be read already, is followed by another pass.
#[tokio::test]
async fn an_event_during_a_pass_makes_another_one() {
    let stage = Stage::new().await;
    let alice = stage.watch("alice").await;
    for round in 0..20 {
        // A pass is asked for; at some moment of it, an event comes.
        let mark = alice.refresh().unwrap();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        let passes = alice.newest_reached();
        let from = format!("dave{round}");
        let row = format!("C2C{from}");
        stage.say(&from, "alice", "Hello").await;
        alice.reached(mark).await.unwrap();
        let mut reached = passes;
        while !shown(&alice).contains(&row) {
            reached = alice.reached_after(reached).await.unwrap();
        }
        assert_eq!(shown(&alice), stage.truth("alice"), "{round}");
    }
}

/// W5, W7: a new group name concerns those who hold the row, and costs no listing.
#[tokio::test]
async fn a_new_name_is_read_without_a_listing() {
    let stage = Stage::new().await;
    let world = stage.cloud.world();
    world.add_group("@TGS#77", conv_emulator::GroupType::Public, "Old");
    for account in ["alice", "bob"] {
        world.touch(account, "GROUP@TGS#77").unwrap();
    }
    let (alice, bob) = (stage.watch("alice").await, stage.watch("bob").await);
    let carol = stage.watch("carol").await;
    while stage.accounts.holders(&"GROUP@TGS#77".parse().unwrap()).len() < 2 {
        tokio::task::yield_now().await;
    }
    world.rename_group("@TGS#77", "New").unwrap();
    let (listings, passes) = (stage.cloud.calls().of(LISTING), stage.accounts.stats().watch);
    let body = json!({"GroupId": "@TGS#77", "Name": "New", "Operator_Account": "alice"});
    stage.event("Group.CallbackAfterGroupInfoChanged", body.to_string()).await;
    let row = "GROUP@TGS#77".parse().unwrap();
    for watch in [&alice, &bob] {
        let mut watcher = watch.list().subscribe(conv_api::All);
        let name = || watch.list().snapshot().get(&row).unwrap().profile.name.clone();
        while name().as_deref() != Some("New") {
            watcher.next().await.unwrap();
        }
    }
    let after = stage.accounts.stats().watch;
    assert_eq!(stage.cloud.calls().of(LISTING), listings);
    assert_eq!((after.reads - passes.reads, after.passes_for_marks), (2, passes.passes_for_marks));
    drop(carol);
}

/// W7: reading everything is read as the unread numbers of rows, without a listing.
#[tokio::test]
async fn a_user_who_read_everything_costs_no_listing() {
    let plan = Plan { facets: vec![Facet::Unread], ..Plan::default() };
    let stage = Stage::with(plan).await;
    let world = stage.cloud.world();
    world.say("alice", "C2Cbob", "Hello").unwrap();
    let alice = stage.watch("alice").await;
    let unread = || {
        let rows = alice.list().snapshot();
        rows.rows()
            .filter(|row| row.id.user_id().is_some() && row.unread.count > Some(0))
            .map(|row| row.id.to_string())
            .collect::<Vec<_>>()
    };
    assert!(!unread().is_empty());
    for row in unread() {
        world.set_unread("alice", &row, 0).unwrap();
    }
    let (listings, mut watcher) =
        (stage.cloud.calls().of(LISTING), alice.list().subscribe(conv_api::All));
    let body = json!({"Report_Account": "alice", "EventTime": "1700000000000"});
    stage.event("C2C.CallbackAfterMsgReadAll", body.to_string()).await;
    while !unread().is_empty() {
        watcher.next().await.unwrap();
    }
    assert_eq!(stage.cloud.calls().of(LISTING), listings);
}

/// W9: the echo of a call of our own administrator starts no pass, and single rows are read all the
/// same.
#[tokio::test]
async fn an_own_echo_starts_no_pass() {
    let stage = Stage::new().await;
    let alice = stage.watch("alice").await;
    let before = stage.accounts.stats().watch;
    let echo = |command: &str| stage.query(command).replace("=iOS", "=RESTAPI");
    let mut body = json!({"GroupId": "@TGS#1", "Operator_Account": "admin",
        "MemberList": [{"Member_Account": "alice"}], "Owner_Account": "alice"});
    let command = "Group.CallbackAfterCreateGroup";
    stage.let_in(&echo(command), body.to_string()).await;
    let watch = stage.accounts.stats().watch;
    assert_eq!(watch.marks, before.marks);
    assert_eq!(stage.outcomes(), [("echo".to_owned(), 1)].into());
    // The same by another one is news.
    body["Operator_Account"] = "boss".into();
    stage.let_in(&echo(command), body.to_string()).await;
    assert_eq!(stage.accounts.stats().watch.marks, before.marks + 1);

    let row = shown(&alice).into_iter().find(|row| row.starts_with("GROUP")).unwrap();
    let group = row.strip_prefix("GROUP").unwrap();
    let (reads, command) = (before.reads, "Group.CallbackAfterGroupInfoChanged");
    let body = json!({"GroupId": group, "Operator_Account": "admin", "Name": "New"});
    stage.let_in(&echo(command), body.to_string()).await;
    fresh(&alice).await;
    while stage.accounts.stats().watch.reads == reads {
        tokio::task::yield_now().await;
    }
}

/// W8: by default an event shows nothing by itself, whatever it states.
#[tokio::test]
async fn statements_of_events_are_not_believed() {
    // No pass follows.
    let watch_options = WatchOptions::default().with_delay(Duration::from_secs(3600));
    let stage = Stage::with(Plan { watch_options, ..Plan::default() }).await;
    let alice = stage.watch("alice").await;
    let before = shown(&alice);
    let last = before.last().unwrap().strip_prefix("C2C").unwrap_or("nobody").to_owned();
    for time in [NOW, NOW + 86_400, 1] {
        let body = json!({"From_Account": last, "To_Account": "alice", "MsgTime": time,
            "MsgKey": format!("{time}"), "MsgSeq": 1,
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "forged"}}]});
        stage.event("C2C.CallbackAfterSendMsg", body.to_string()).await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(shown(&alice), before);
    assert_eq!(stage.accounts.stats().accounts_open, 1);
}
