//! The end of an acknowledged mutation, and the passes that are requested for it.

use std::time::Duration;

use conv_model::{Mutation, OutcomeKind, PassId, PendingState, Progress, ReadMark, Timestamp};
use conv_sync::{
    SendOptions, WriteCall, WriteCapabilities,
    testing::{NOW, Script, SendInput, Sender},
};

use crate::send_support::{
    MINUTE, SECOND, World, create, delete_group, member, pin, rename, star, unpin, user,
};

fn unpinned_elsewhere(world: &World) {
    world.cloud.change(&WriteCall::Pin { ids: vec![user("alice")], is_pinned: false }).unwrap();
}

#[test]
fn a_pass_that_began_before_the_acknowledgement_settles_nothing() {
    let mut world = World::with_users(&["alice"]);
    let began = world.now;
    world.advance(SECOND);
    let number = world.send(pin("alice"));
    world.input(SendInput::PassFinished(began.into()));
    world.run();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    assert!(world.view.shown(&user("alice")).unwrap().listing.is_pinned, "no flicker");
}

#[test]
fn a_pass_that_began_before_the_acknowledgement_agrees_by_chance_alone() {
    let mut world = World::with_users(&["alice"]);
    let began = world.now;
    world.advance(SECOND);
    let number = world.send(unpin("alice"));
    world.input(SendInput::PassFinished(began.into()));
    world.run();
    assert_eq!(world.state(number), Some(PendingState::Settling));
}

#[test]
fn a_stale_pass_agrees_by_chance_with_a_value_that_was_set_back() {
    let mut world = World::with_users(&["alice"]);
    world.send(pin("alice"));
    let number = world.send(unpin("alice"));
    // It shows the list as it was before both calls.
    world.stale_pass();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.advance(15 * SECOND);
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

#[test]
fn a_pass_that_began_after_it_and_agrees_settles() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(pin("alice"));
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert_eq!(world.progress.last(), Some(&(number, Progress::Settled)));
}

#[test]
fn the_old_value_never_shows_unless_two_passes_say_so_fifteen_seconds_later() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(pin("alice"));
    for _ in 0..5 {
        world.advance(2 * SECOND);
        world.stale_pass();
        assert_eq!(world.state(number), Some(PendingState::Settling));
    }
    world.advance(5 * SECOND);
    world.stale_pass();
    assert_eq!(world.state(number), Some(PendingState::Settling), "the first that counts");
    world.stale_pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
    assert!(!world.view.shown(&user("alice")).unwrap().listing.is_pinned);
}

#[test]
fn another_device_that_undoes_it_later_is_believed_and_nothing_is_sent_again() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(pin("alice"));
    unpinned_elsewhere(&world);
    world.advance(15 * SECOND);
    assert_eq!(world.asked, 1);
    world.pass();
    assert_eq!(world.asked, 2, "another pass at once");
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_burst_asks_for_one_pass_once_it_can_show_the_values() {
    let mut world = World::with_users(&["alice", "bob", "carol"]);
    for name in ["alice", "bob", "carol"] {
        world.send(pin(name));
        world.advance(SECOND);
    }
    assert_eq!(world.asked, 0);
    world.advance(12 * SECOND);
    assert_eq!(world.asked, 1);
    world.pass();
    assert!(world.view.outbox.is_empty());
    world.advance(60 * MINUTE);
    assert_eq!(world.asked, 1);
}

#[test]
fn a_pass_that_came_by_itself_is_not_asked_for() {
    let mut world = World::with_users(&["alice"]);
    world.send(pin("alice"));
    world.advance(5 * SECOND);
    world.pass();
    world.advance(60 * MINUTE);
    assert_eq!(world.asked, 0);
}

#[test]
fn a_pass_that_does_not_come_is_asked_for_again_ever_more_rarely() {
    let mut world = World::with_users(&["alice"]);
    world.send(pin("alice"));
    world.advance(15 * SECOND);
    assert_eq!(world.asked, 1);
    world.advance(60 * SECOND);
    assert_eq!(world.asked, 2);
    world.advance(119 * SECOND);
    assert_eq!(world.asked, 2);
    world.advance(SECOND);
    assert_eq!(world.asked, 3);
    world.advance(24 * 60 * MINUTE);
    assert!(world.asked < 110, "every quarter of an hour: {}", world.asked);
    let before = world.asked;
    world.input(SendInput::Retry);
    assert_eq!(world.asked, before + 1, "and at once when the device wakes up");
}

#[test]
fn a_row_that_is_gone_has_nothing_left_to_show() {
    let mut world = World::with_users(&["alice"]);
    let numbers = [star, pin].map(|change| world.send(change("alice")));
    world.delete_elsewhere("alice");
    world.pass();
    // A message makes it again, and a read may be older than the calls.
    assert_eq!(numbers.map(|number| world.state(number)), [Some(PendingState::Settling); 2]);
    world.advance(15 * SECOND);
    world.pass();
    assert_eq!(numbers.map(|number| world.outcome(number)), [Some(&OutcomeKind::Done); 2]);
}

#[test]
fn after_a_restart_the_acknowledgement_counts_from_when_it_is_seen() {
    let mut world = World::with_users(&["alice"]);
    let number = world.send(pin("alice"));
    let began = world.now;
    world.advance(MINUTE);
    world.sender = Sender::new(SendOptions::default(), &WriteCapabilities::default());
    world.change();
    world.input(SendInput::PassFinished(began.into()));
    world.run();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.stale_pass();
    world.stale_pass();
    assert_eq!(world.state(number), Some(PendingState::Settling), "15 seconds from here");
    world.asked = 0;
    world.advance(15 * SECOND);
    assert_eq!(world.asked, 1);
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

/// Another process, so many seconds of the wall clock later, which may be negative. Its own clock
/// begins anywhere.
fn restart(world: &mut World, seconds: i64) {
    world.sender = Sender::new(SendOptions::default(), &WriteCapabilities::default());
    world.waits.clear();
    world.now = SECOND;
    let time = world.view.wall_time.unwrap().as_secs().saturating_add_signed(seconds);
    world.view.wall_time = Some(Timestamp::from_secs(time));
    world.change();
}

fn numbered() -> World {
    let mut world = World::with_users(&["alice"]);
    world.view.wall_time = Some(NOW);
    world.view.newest_pass = Some(PassId::new(1));
    world
}

fn numbered_pass(world: &mut World) {
    world.view.newest_pass = world.view.newest_pass.map(PassId::next);
    world.pass();
}

#[test]
fn processes_that_live_for_a_moment_find_out_together_that_another_device_changed_it() {
    let mut world = numbered();
    let number = world.send(pin("alice"));
    unpinned_elsewhere(&world);
    restart(&mut world, 17);
    numbered_pass(&mut world);
    assert_eq!(world.state(number), Some(PendingState::Settling), "one may be stale");
    restart(&mut world, 5);
    // Compared once more, it is not a second one.
    world.pass();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    restart(&mut world, 5);
    numbered_pass(&mut world);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
}

#[test]
fn a_pass_of_a_later_process_that_shows_it_is_the_end() {
    let mut world = numbered();
    let number = world.send(pin("alice"));
    restart(&mut world, 1);
    // It began before the acknowledgement.
    world.stale_pass();
    world.pass();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    numbered_pass(&mut world);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

#[test]
fn a_clock_that_went_back_only_delays_the_end() {
    let mut world = numbered();
    let number = world.send(pin("alice"));
    unpinned_elsewhere(&world);
    restart(&mut world, -1_000);
    for _ in 0..3 {
        world.advance(4 * SECOND);
        numbered_pass(&mut world);
        assert_eq!(world.state(number), Some(PendingState::Settling));
        assert_eq!(world.pending(number).unwrap().acknowledged.unwrap().disagreed, None);
    }
    for _ in 0..2 {
        world.advance(4 * SECOND);
        numbered_pass(&mut world);
    }
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
}

#[test]
fn a_value_that_was_set_back_is_not_over_with_a_read_that_may_be_older_than_both() {
    let mut world = numbered();
    world.send(pin("alice"));
    let number = world.send(unpin("alice"));
    restart(&mut world, 2);
    world.view.newest_pass = world.view.newest_pass.map(PassId::next);
    world.stale_pass();
    assert_eq!(world.state(number), Some(PendingState::Settling), "unpinned, as before both");
    restart(&mut world, 20);
    numbered_pass(&mut world);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
}

#[test]
fn a_later_mutation_of_the_same_slot_is_not_another_device() {
    let mut world = World::with_users(&["alice"]);
    let first = world.send(pin("alice"));
    // The unpinning is applied, and its answer is lost, again and again.
    for _ in 0..20 {
        world.cloud.script(Script::LoseAnswer);
    }
    world.send(unpin("alice"));
    for _ in 0..4 {
        world.advance(20 * SECOND);
        world.pass();
    }
    assert_ne!(world.outcome(first), Some(&OutcomeKind::Overridden));
}

#[test]
fn members_whose_group_is_being_renamed_are_not_overridden_by_its_new_name() {
    let mut world = World::with_users(&["alice"]);
    world.send(create("Family"));
    let added = world.send(member("alice", "Family", true));
    world.cloud.script_kind(conv_sync::WriteKind::RenameGroup, Script::LoseAnswer);
    for _ in 0..8 {
        world.cloud.fail_look(conv_sync::SourceError::TimedOut);
    }
    world.send(rename("Family", "Kin"));
    // Applied by a call whose answer was lost.
    let (old, new) = ("Family".parse().unwrap(), "Kin".parse().unwrap());
    world.cloud.change(&WriteCall::RenameGroup { old, new }).unwrap();
    for _ in 0..3 {
        world.advance(20 * SECOND);
        world.pass();
    }
    assert_ne!(world.outcome(added), Some(&OutcomeKind::Overridden));
}

#[test]
fn groups_settle_when_a_pass_shows_no_old_name() {
    let mut world = World::with_users(&["alice"]);
    world.send(create("Family"));
    world.send(member("alice", "Family", true));
    world.pass();
    let number = world.send(rename("Family", "Kin"));
    world.advance(SECOND);
    world.stale_pass();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    let number = world.send(delete_group("Kin"));
    world.pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert!(world.view.outbox.is_empty());
}

#[test]
fn a_pass_that_could_not_name_groups_overrides_nothing_that_is_about_them() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.send(create("Family"));
    world.send(member("bob", "Family", true));
    world.pass();
    let added = world.send(member("alice", "Family", true));
    let renamed = world.send(rename("Family", "Kin"));
    for _ in 0..3 {
        world.advance(MINUTE);
        world.unnamed_pass("alice");
        assert_eq!(world.state(added), Some(PendingState::Settling));
        assert_eq!(world.state(renamed), Some(PendingState::Settling));
    }
    // Of other rows and values it says what it says of them without.
    let other = world.send(member("bob", "Friends", false));
    let pinned = world.send(pin("alice"));
    world.advance(MINUTE);
    world.unnamed_pass("alice");
    assert_eq!(world.outcome(other), Some(&OutcomeKind::Done));
    world.unnamed_pass("alice");
    assert_eq!(world.outcome(pinned), Some(&OutcomeKind::Overridden));
    world.pass();
    assert_eq!(world.outcome(added), Some(&OutcomeKind::Done));
    assert_eq!(world.outcome(renamed), Some(&OutcomeKind::Done));
}

#[test]
fn a_group_that_no_pass_can_name_does_not_ask_for_passes_for_ever() {
    let mut world = World::with_users(&["alice"]);
    world.send(create("Family"));
    world.pass();
    let number = world.send(member("alice", "Family", true));
    for _ in 0..12 {
        world.advance(MINUTE);
        world.unnamed_pass("alice");
    }
    assert_eq!(world.progress.last(), Some(&(number, Progress::SettledUnseen)));
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    let shown = world.view.shown(&user("alice")).unwrap();
    assert_eq!(shown.listing.groups, ["Family".into()], "the base has taken it over");
}

fn read_alice() -> Mutation {
    Mutation::Read { id: user("alice"), until: ReadMark::new(NOW, 0), count: 3 }
}

#[test]
fn reading_ends_with_an_unread_state_that_was_asked_for_after_the_acknowledgement() {
    let options = SendOptions::default().with_reads_unread(true);
    let mut world = World::with(options, WriteCapabilities::default());
    world.add_users(&["alice"]);
    let before = world.now;
    world.advance(SECOND);
    let number = world.send(read_alice());
    let ids = vec![user("alice")];
    world.input(SendInput::UnreadRead { began: before, ids: ids.clone() });
    world.input(SendInput::PassFinished(before.into()));
    world.run();
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.advance(SECOND);
    world.pass();
    assert_eq!(world.state(number), Some(PendingState::Settling), "a listing does not show it");
    world.input(SendInput::UnreadRead { began: world.now, ids });
    world.run();
    assert_eq!(world.progress.last(), Some(&(number, Progress::Settled)));
}

#[test]
fn reading_that_no_pass_reads_after_all_is_taken_over_by_the_base() {
    let options = SendOptions::default().with_reads_unread(true);
    let mut world = World::with(options, WriteCapabilities::default());
    world.add_users(&["alice"]);
    let number = world.send(read_alice());
    for _ in 0..2 {
        world.advance(20 * SECOND);
        world.pass();
    }
    assert_eq!(world.progress.last(), Some(&(number, Progress::SettledUnseen)));
}

#[test]
fn settling_waits_for_the_time_that_was_set() {
    let options = SendOptions::default().with_settle_after(Duration::ZERO);
    let mut world = World::with(options, WriteCapabilities::default());
    world.add_users(&["alice"]);
    let number = world.send(pin("alice"));
    world.stale_pass();
    world.stale_pass();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Overridden));
}
