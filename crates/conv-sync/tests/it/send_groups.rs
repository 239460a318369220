//! Conversation groups are looked at before one is created or renamed.

use conv_model::{ErrorClass, MutationFailure, OutcomeKind, PendingState, Progress};
use conv_sync::{
    Retry, SourceError, WriteCall, WriteKind,
    testing::{Habits, Script},
};

use crate::send_support::{
    MINUTE, SECOND, World, create, delete_group, group, member, permanent, refused, rename, user,
};

fn kinds(world: &World) -> Vec<WriteKind> {
    world.calls().iter().map(WriteCall::kind).collect()
}

fn make(world: &World, name: &str) {
    let call = WriteCall::CreateGroup { name: group(name), ids: Vec::new() };
    world.cloud.change(&call).unwrap();
}

#[test]
fn a_group_is_created_with_its_first_members() {
    let mut world = World::with_users(&["alice", "bob"]);
    let mut habits = Habits::default();
    habits.creates_empty = false;
    world.cloud.set_habits(habits);
    world.enqueue(create("Family"));
    world.enqueue(member("alice", "Family", true));
    world.enqueue(member("bob", "Family", true));
    world.change();
    let ids = vec![user("alice"), user("bob")];
    assert_eq!(world.calls(), [WriteCall::CreateGroup { name: group("Family"), ids }]);
    assert_eq!(world.cloud.looks(), 1);
    world.pass();
    assert!(world.view.outbox.is_empty());
}

/// Another process took the creation for abandoned while its first members were being stored.
#[test]
fn first_members_do_not_go_out_without_the_creation_of_their_group() {
    let mut world = World::with_users(&["alice"]);
    let created = world.enqueue(create("Family"));
    let added = world.enqueue(member("alice", "Family", true));
    world.input(conv_sync::testing::SendInput::Changed);
    world.store();
    world.answer_one();
    let failure = MutationFailure::new(ErrorClass::Transient, None, "abandoned");
    let back = Progress::Returned { failure, is_uncertain: true };
    world.view.outbox.progress(created, back);
    world.run();
    assert_eq!(kinds(&world), [WriteKind::CreateGroup]);
    assert_eq!(world.state(created), Some(PendingState::Settling));
    assert_eq!(world.state(added), Some(PendingState::Settling));
}

#[test]
fn the_hundred_and_first_member_follows() {
    let names: Vec<_> = (0..130).map(|n| format!("user_{n:04}")).collect();
    let mut world = World::with_users(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.enqueue(create("Family"));
    for name in &names {
        world.enqueue(member(name, "Family", true));
    }
    world.change();
    let sizes: Vec<_> = world.calls().iter().map(|call| call.ids().len()).collect();
    assert_eq!(sizes, [100, 30]);
    assert_eq!(kinds(&world), [WriteKind::CreateGroup, WriteKind::Members]);
}

#[test]
fn creating_a_group_that_exists_adds_to_it_whatever_the_cloud_would_do() {
    for merges_created in [true, false] {
        let mut world = World::with_users(&["alice"]);
        let mut habits = Habits::default();
        habits.merges_created = merges_created;
        world.cloud.set_habits(habits);
        make(&world, "Family");
        let created = world.enqueue(create("Family"));
        world.enqueue(member("alice", "Family", true));
        world.change();
        assert_eq!(world.state(created), Some(PendingState::Settling));
        assert_eq!(kinds(&world), [WriteKind::Members]);
    }
}

#[test]
fn a_creation_whose_answer_was_lost_is_found_by_the_next_look() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::LoseAnswer);
    let created = world.enqueue(create("Family"));
    let added = world.enqueue(member("alice", "Family", true));
    world.change();
    world.advance(SECOND);
    assert_eq!(world.state(created), Some(PendingState::Settling));
    assert_eq!(world.state(added), Some(PendingState::Settling));
    assert_eq!(kinds(&world), [WriteKind::CreateGroup, WriteKind::Members]);
}

/// Lets the sender look at the groups again; then its first call arrives, before the second.
fn meet_late_call(world: &mut World) {
    world.now += SECOND;
    let (pause, _) = world.waits.remove(0);
    world.input(conv_sync::testing::SendInput::Woke(pause));
    world.store();
    // The look finds no group yet, or the old name.
    world.answer_one();
    world.store();
    world.cloud.deliver();
    world.run();
}

#[test]
fn a_creation_that_collides_with_its_own_late_call_looks_again() {
    let mut world = World::with_users(&["alice"]);
    let mut habits = Habits::default();
    habits.merges_created = false;
    world.cloud.set_habits(habits);
    world.cloud.script(Script::ApplyLater);
    let created = world.send(create("Family"));
    meet_late_call(&mut world);
    assert_eq!(world.state(created), Some(PendingState::Queued), "the second call was refused");
    world.advance(MINUTE);
    assert_eq!(world.state(created), Some(PendingState::Settling));
}

#[test]
fn one_bad_first_member_does_not_fail_the_group() {
    let names: Vec<_> = (0..8).map(|n| format!("user_{n:04}")).collect();
    let mut world = World::with_users(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let created = world.enqueue(create("Family"));
    let numbers: Vec<_> =
        names.iter().map(|name| world.enqueue(member(name, "Family", true))).collect();
    world.cloud.fail_item(user(&names[3]), permanent());
    world.change();
    assert_eq!(world.state(created), Some(PendingState::Settling));
    assert_eq!(world.state(numbers[3]), Some(PendingState::Failed));
    assert_eq!(world.state(numbers[4]), Some(PendingState::Settling));
}

#[test]
fn renaming_looks_first() {
    // (old exists, new exists, is sent, words of the failure)
    for (old, new, is_sent, words) in [
        (true, false, true, None),
        (true, true, false, Some("\"Kin\" exists already")),
        (false, false, false, Some("no conversation group \"Family\"")),
        (false, true, false, Some("no conversation group \"Family\"")),
    ] {
        let mut world = World::with_users(&["alice"]);
        make(&world, "Others");
        if old {
            make(&world, "Family");
        }
        if new {
            make(&world, "Kin");
        }
        let number = world.send(rename("Family", "Kin"));
        assert_eq!(world.calls().len(), usize::from(is_sent));
        if let Some(words) = words {
            assert!(world.failure(number).contains(words), "{}", world.failure(number));
            assert!(world.failure(number).contains("Others"), "names the groups that exist");
        }
    }
}

#[test]
fn a_renaming_whose_answer_was_lost_is_found_by_the_next_look() {
    let mut world = World::new();
    make(&world, "Family");
    world.cloud.script(Script::LoseAnswer);
    let number = world.send(rename("Family", "Kin"));
    world.advance(SECOND);
    assert_eq!(world.state(number), Some(PendingState::Settling));
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_renaming_that_meets_its_own_late_call_looks_again() {
    let mut world = World::new();
    make(&world, "Family");
    world.cloud.script(Script::ApplyLater);
    let number = world.send(rename("Family", "Kin"));
    meet_late_call(&mut world);
    assert_eq!(world.state(number), Some(PendingState::Queued));
    world.advance(MINUTE);
    assert_eq!(world.state(number), Some(PendingState::Settling));
    assert!(world.cloud.has_group("Kin"));
}

#[test]
fn deleting_an_absent_group_is_done() {
    let mut world = World::new();
    let number = world.send(delete_group("Family"));
    assert_eq!(world.state(number), Some(PendingState::Settling));
}

#[test]
fn adding_to_an_absent_group_fails_and_names_the_groups_while_removing_is_done() {
    let mut world = World::with_users(&["alice", "bob"]);
    make(&world, "Kin");
    let added = world.enqueue(member("alice", "Family", true));
    let removed = world.enqueue(member("bob", "Family", false));
    world.change();
    world.pass();
    assert!(world.failure(added).contains("Kin"), "{}", world.failure(added));
    assert_eq!(world.outcome(removed), Some(&OutcomeKind::Done));
}

#[test]
fn a_group_is_made_filled_renamed_and_deleted_in_this_order() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script(Script::LoseAnswer);
    world.send(create("Family"));
    world.enqueue(member("alice", "Family", true));
    world.enqueue(rename("Family", "Kin"));
    world.enqueue(member("bob", "Kin", true));
    world.change();
    world.advance(MINUTE);
    world.pass();
    assert!(world.cloud.has_group("Kin") && !world.cloud.has_group("Family"));
    assert_eq!(world.cloud.row(&user("bob")).unwrap().listing.groups, ["Kin".into()]);
    assert_eq!(world.cloud.row(&user("alice")).unwrap().listing.groups, ["Kin".into()]);
    world.send(delete_group("Kin"));
    world.pass();
    assert!(!world.cloud.has_group("Kin"));
    assert!(world.view.outbox.is_empty(), "{:?}", world.view.outbox);
}

#[test]
fn a_look_that_fails_is_no_call_that_may_have_been_applied() {
    let mut world = World::new();
    world.cloud.fail_look(SourceError::TimedOut);
    let number = world.send(create("Family"));
    assert_eq!(world.state(number), Some(PendingState::Queued));
    assert!(!world.pending(number).unwrap().is_uncertain);
    world.advance(SECOND);
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.cloud.fail_look(refused(70003, ErrorClass::Auth, Retry::Never));
    let number = world.send(create("Kin"));
    assert_eq!(world.state(number), Some(PendingState::Held));
}

#[test]
fn members_of_a_group_that_was_deleted_since_do_not_bring_it_back() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.enqueue(create("Work"));
    let added = world.send(member("alice", "Work", true));
    world.send(delete_group("Work"));
    assert_eq!(world.outcome(added), Some(&OutcomeKind::Replaced));
    world.advance(20 * SECOND);
    world.pass();
    assert!(world.view.shown(&user("alice")).unwrap().listing.groups.is_empty());

    // Nor do they come into a group that is made again under the name.
    world.enqueue(create("Work"));
    world.send(member("alice", "Work", true));
    world.send(delete_group("Work"));
    world.enqueue(create("Work"));
    world.send(member("bob", "Work", true));
    assert!(world.view.shown(&user("alice")).unwrap().listing.groups.is_empty());
    assert!(!world.view.shown(&user("bob")).unwrap().listing.groups.is_empty());
}
