//! Held changes: the cloud refuses the app's account, or they belong to another app.

use std::time::Duration;

use conv_model::{ErrorClass, PendingState};
use conv_sync::{
    Retry, SendOptions, WriteCall, WriteCapabilities,
    testing::{Script, SendInput, Sender},
};

use crate::send_support::{
    MINUTE, SECOND, World, create, delete_group, member, pin, refused, star, user, wrong_key,
};

#[test]
fn a_wrong_key_holds_what_was_sent_and_stops_everything_until_it_is_released() {
    for code in [70003, 60009, 60020, 10026] {
        let mut world = World::with_users(&["alice", "bob"]);
        let error = refused(code, ErrorClass::Auth, Retry::Never);
        world.cloud.script(Script::Refuse(error));
        let held = world.send(pin("alice"));
        assert_eq!(world.state(held), Some(PendingState::Held));
        let other = world.send(star("bob"));
        world.input(SendInput::Retry);
        world.advance(MINUTE);
        assert_eq!(world.state(other), Some(PendingState::Held));
        assert_eq!(world.calls().len(), 1);
        assert!(world.view.shown(&user("alice")).unwrap().listing.is_pinned, "not rolled back");
        world.input(SendInput::Release);
        world.run();
        assert_eq!(world.state(held), Some(PendingState::Settling));
        assert_eq!(world.state(other), Some(PendingState::Settling));
    }
}

#[test]
fn held_changes_stay_held_after_a_restart() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    let held = world.send(pin("alice"));
    world.sender = Sender::new(SendOptions::default(), &WriteCapabilities::default());
    world.send(star("bob"));
    assert_eq!(world.calls().len(), 1);
    world.input(SendInput::Release);
    world.run();
    assert_eq!(world.state(held), Some(PendingState::Settling));
    assert_eq!(world.calls().len(), 3);
}

#[test]
fn a_call_that_was_stored_as_being_sent_does_not_go_out_once_the_account_is_held() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    world.store();
    // While the answer comes in, a mark is being stored as being sent.
    let mark = world.enqueue(star("bob"));
    world.input(SendInput::Changed);
    world.answer_one();
    world.run();
    assert_eq!(world.state(mark), Some(PendingState::Held));
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn an_expired_signature_is_made_again_once_and_then_holds() {
    let error = || refused(70001, ErrorClass::Auth, Retry::Reauthenticate);
    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::Refuse(error()));
    let number = world.send(pin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Settling));
    world.cloud.script(Script::Refuse(error()));
    world.cloud.script(Script::Refuse(error()));
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Held));
}

#[test]
fn a_wrong_key_holds_all_that_waits_and_says_why_until_a_pass_is_accepted() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    let first = world.send(pin("alice"));
    let second = world.send(star("bob"));
    for number in [first, second] {
        let pending = world.pending(number).unwrap();
        let code = pending.failure.as_ref().and_then(|failure| failure.code);
        assert_eq!((pending.state, code), (PendingState::Held, Some(70_003)));
    }
    assert_eq!(world.calls().len(), 1);
    // It began before the key was found to be wrong.
    world.input(SendInput::PassFinished(Duration::ZERO.into()));
    world.run();
    assert_eq!(world.state(first), Some(PendingState::Held));
    world.advance(SECOND);
    world.pass();
    assert_eq!(world.calls().len(), 3);
    assert_eq!(world.state(second), Some(PendingState::Settling));
}

#[test]
fn a_change_for_another_app_is_held_and_stops_no_other() {
    let mut capabilities = WriteCapabilities::default();
    capabilities.app = Some(2);
    let mut world = World::with(SendOptions::default(), capabilities);
    world.add_users(&["alice", "bob"]);
    let foreign = world.enqueue(pin("alice"));
    world.view.outbox.assign_app(0, 1);
    let own = world.enqueue(pin("bob"));
    world.view.outbox.assign_app(foreign, 2);
    world.change();
    assert_eq!(world.state(own), Some(PendingState::Settling));
    let pending = world.pending(foreign).unwrap();
    assert_eq!((pending.state, pending.attempts), (PendingState::Held, 0));
    assert!(pending.failure.as_ref().unwrap().message.contains("app 1"), "{pending:?}");
    world.input(SendInput::Release);
    world.run();
    assert_eq!(world.state(foreign), Some(PendingState::Held));
    assert_eq!(world.calls(), [WriteCall::Pin { ids: vec![user("bob")], is_pinned: true }]);
}

#[test]
fn a_group_that_is_held_for_another_app_stops_no_change_of_its_name() {
    let mut capabilities = WriteCapabilities::default();
    capabilities.app = Some(2);
    let mut world = World::with(SendOptions::default(), capabilities);
    world.add_users(&["alice"]);
    let foreign = world.enqueue(delete_group("Work"));
    world.view.outbox.assign_app(0, 1);
    world.change();
    let own = world.enqueue(create("Work"));
    let added = world.enqueue(member("alice", "Work", true));
    world.view.outbox.assign_app(foreign, 2);
    world.change();
    assert_eq!(world.state(own), Some(PendingState::Settling));
    assert_eq!(world.state(added), Some(PendingState::Settling));
    assert_eq!(world.state(foreign), Some(PendingState::Held), "an answer of one app's cloud");
}
