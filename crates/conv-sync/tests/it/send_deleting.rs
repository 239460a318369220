//! A deletion names no moment: whatever is there when it arrives goes.

use std::time::Duration;

use conv_model::{ErrorClass, IfNewer, OutcomeKind, PendingState, Timestamp};
use conv_sync::{
    Retry, SendOptions, WriteCall, WriteCapabilities,
    testing::{Habits, NOW, Script, Sender},
};

use crate::send_support::{MINUTE, SECOND, World, delete, pin, refused, star, user};

fn later(seconds: u64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() + seconds)
}

fn history(name: &str) -> conv_model::Mutation {
    delete(name, true, IfNewer::GiveUp)
}

fn deletes(world: &World) -> Vec<bool> {
    let calls = world.calls();
    let deletes = calls.iter().filter_map(|call| match call {
        WriteCall::Delete { clears_history, .. } => Some(*clears_history),
        _ => None,
    });
    deletes.collect()
}

#[test]
fn a_deletion_waits_for_a_pass_and_asks_for_it() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(history("alice"));
    assert_eq!((world.asked, world.calls().len()), (1, 0));
    world.change();
    assert_eq!(world.asked, 1, "once");
    world.pass();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    assert_eq!(deletes(&world), [true]);
    assert_eq!(world.asked, 1);
}

#[test]
fn a_pass_that_is_under_way_is_not_asked_for_again() {
    let mut world = World::with_users(&["alice"]);
    world.send(history("alice"));
    world.advance(SECOND);
    let began = world.now;
    world.advance(SECOND);
    world.change();
    world.input(conv_sync::testing::SendInput::PassFinished(began.into()));
    world.run();
    assert_eq!((world.asked, deletes(&world).len()), (1, 1));
}

#[test]
fn a_pass_of_the_last_minute_is_enough() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    world.advance(MINUTE);
    world.send(history("alice"));
    assert_eq!(deletes(&world), [true]);
    world.add_users(&["bob"]);
    world.advance(SECOND);
    world.send(history("bob"));
    assert_eq!(deletes(&world), [true], "a second later it is not");
}

#[test]
fn a_pass_that_takes_longer_than_a_minute_is_enough_if_it_just_ended() {
    let mut world = World::with_users(&["alice"]);
    world.send(history("alice"));
    let began = world.now;
    world.advance(3 * MINUTE);
    world.input(conv_sync::testing::SendInput::PassFinished(began.into()));
    world.run();
    assert_eq!(deletes(&world), [true]);
}

#[test]
fn a_call_names_the_newest_message_that_may_go_with_it() {
    let cases = [(IfNewer::GiveUp, true), (IfNewer::KeepHistory, true), (IfNewer::Delete, false)];
    for (if_newer, is_named) in cases {
        let mut world = World::with_users(&["alice"]);
        world.pass();
        world.send(delete("alice", true, if_newer));
        let Some(WriteCall::Delete { seen, .. }) = world.calls().pop() else { panic!("no call") };
        assert_eq!(seen.is_some(), is_named, "{if_newer:?}");
    }
}

#[test]
fn after_a_day_offline_unseen_messages_are_not_deleted() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    // A pass began after the sender saw the deletion, a day ago; the call did not get through.
    let number = world.enqueue(history("alice"));
    world.cloud.script(Script::Refuse(refused(60007, ErrorClass::RateLimited, Retry::BackOff)));
    world.change();
    world.pass();
    world.waits.clear();
    world.advance(Duration::from_secs(86_400));
    for seconds in 1..=10 {
        world.cloud.add_message(&user("alice"), later(seconds));
    }
    world.input(conv_sync::testing::SendInput::Retry);
    world.sender = Sender::new(SendOptions::default(), &WriteCapabilities::default());
    world.change();
    assert_eq!(deletes(&world).len(), 1, "not by the base of yesterday");
    world.pass();
    assert_eq!(deletes(&world).len(), 1);
    assert!(world.failure(number).contains("had not seen"));
    assert!(world.view.shown(&user("alice")).is_some());
}

#[test]
fn a_pass_of_yesterday_does_not_count_because_the_deletion_was_older() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(history("alice"));
    world.cloud.script(Script::Refuse(refused(60007, ErrorClass::RateLimited, Retry::BackOff)));
    world.pass();
    assert_eq!(world.state(number), Some(PendingState::Queued));
    world.now += Duration::from_secs(86_400);
    world.advance(SECOND);
    assert_eq!(deletes(&world).len(), 1);
}

#[test]
fn news_decides_by_what_the_owner_asked_for() {
    for (if_newer, expected) in [
        (IfNewer::GiveUp, vec![]),
        (IfNewer::KeepHistory, vec![false]),
        (IfNewer::Delete, vec![true]),
    ] {
        let mut world = World::with_users(&["alice"]);
        world.cloud.add_message(&user("alice"), later(1));
        world.send(delete("alice", true, if_newer));
        world.pass();
        assert_eq!(deletes(&world), expected, "{if_newer:?}");
    }
}

#[test]
fn a_message_of_the_moment_between_plan_and_call_counts_too() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    let number = world.enqueue(history("alice"));
    world.input(conv_sync::testing::SendInput::Changed);
    world.cloud.add_message(&user("alice"), later(1));
    world.view.read(&world.cloud);
    world.run();
    assert_eq!(deletes(&world), [] as [bool; 0]);
    assert_eq!(world.state(number), Some(PendingState::Failed));
}

#[test]
fn an_uncertain_deletion_of_history_goes_again_only_after_a_pass_that_began_after_the_failure() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    world.advance(SECOND);
    world.cloud.script(Script::Refuse(conv_sync::SourceError::TimedOut));
    world.send(history("alice"));
    world.advance(20 * SECOND);
    assert_eq!(deletes(&world).len(), 1);
    assert_eq!(world.asked, 1);
    world.pass();
    assert_eq!(deletes(&world).len(), 2);
}

#[test]
fn a_deletion_that_a_pass_shows_to_be_done_is_not_repeated() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    world.advance(SECOND);
    world.cloud.script(Script::LoseAnswer);
    let number = world.send(history("alice"));
    world.advance(SECOND);
    world.pass();
    assert_eq!(deletes(&world).len(), 1);
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

#[test]
fn deleting_what_is_gone_is_done() {
    let mut world = World::with_users(&["alice"]);
    let mut habits = Habits::default();
    habits.deletes_absent = false;
    world.cloud.set_habits(habits);
    world.pass();
    world.delete_elsewhere("alice");
    let number = world.send(history("alice"));
    assert_eq!(deletes(&world), [true]);
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

#[test]
fn a_row_that_comes_again_with_news_is_no_failed_deletion() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    let number = world.send(history("alice"));
    world.cloud.add_message(&user("alice"), later(1));
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert!(world.view.shown(&user("alice")).is_some());
}

#[test]
fn a_row_that_does_not_go_shows_again_as_overridden() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    let number = world.send(history("alice"));
    for _ in 0..2 {
        world.advance(20 * SECOND);
        world.stale_pass();
    }
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
}

#[test]
fn a_deletion_that_waits_for_its_pass_blocks_no_other_conversation() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.enqueue(history("alice"));
    let other = world.enqueue(star("bob"));
    let behind = world.enqueue(pin("alice"));
    world.change();
    assert_eq!(world.state(other), Some(PendingState::Settling));
    assert_eq!(world.state(behind), Some(PendingState::Queued));
}

#[test]
fn a_row_that_a_cut_list_does_not_show_proves_no_deletion() {
    let mut world = World::with_users(&["alice"]);
    world.pass();
    world.advance(SECOND);
    world.cloud.script(Script::Refuse(conv_sync::SourceError::TimedOut));
    let number = world.send(history("alice"));
    world.advance(20 * SECOND);
    // Newer conversations took its place among those that the plan lists.
    world.view.is_cut = true;
    world.view.rows.clear();
    world.stale_pass();
    assert_eq!(deletes(&world), [true, true]);
    assert_eq!(world.state(number), Some(PendingState::Settling));
}

const HOUR: i64 = 60 * 60;

/// A suspended device, whose monotonic clock has stood still, and one whose date was set.
#[test]
fn a_pass_does_not_count_if_the_date_says_otherwise() {
    for seconds in [3 * HOUR, 24 * HOUR, -24 * HOUR] {
        let mut world = World::with_users(&["alice"]);
        world.view.wall_time = Some(NOW);
        world.pass();
        world.advance(SECOND);
        world.set_date(seconds);
        let number = world.send(history("alice"));
        assert_eq!(deletes(&world), [false; 0], "by {seconds} s");
        assert_eq!(world.asked, 1);
        world.cloud.add_message(&user("alice"), later(9));
        world.pass();
        assert!(world.failure(number).contains("had not seen"));
    }
}

#[test]
fn a_pass_with_pages_from_before_a_suspension_does_not_count() {
    let mut world = World::with_users(&["alice"]);
    world.view.wall_time = Some(NOW);
    world.send(history("alice"));
    let pass = world.beginning_pass();
    world.advance(SECOND);
    world.set_date(3 * HOUR);
    world.input(conv_sync::testing::SendInput::PassFinished(pass));
    world.run();
    assert_eq!(deletes(&world), [false; 0]);
    world.advance(MINUTE);
    world.set_date(60);
    world.pass();
    assert_eq!(deletes(&world), [true]);
}

#[test]
fn a_deletion_that_is_being_stored_while_the_device_is_suspended_waits_for_another_pass() {
    let mut world = World::with_users(&["alice"]);
    world.view.wall_time = Some(NOW);
    world.pass();
    let number = world.enqueue(history("alice"));
    world.input(conv_sync::testing::SendInput::Changed);
    world.set_date(3 * HOUR);
    world.run();
    assert_eq!(deletes(&world), [false; 0]);
    assert_eq!(world.pending(number).unwrap().attempts, 0);
    assert_eq!(world.asked, 1);
    world.pass();
    assert_eq!(deletes(&world), [true]);
}
