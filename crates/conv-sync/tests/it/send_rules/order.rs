//! The order of storing, calling and answering.

use conv_model::{
    Capacity, ConversationId, Mutation, OutcomeKind, PendingState, Progress, RemindType,
};
use conv_sync::{
    WriteCall, WriteKind,
    testing::{SendEffect, SendInput},
};

use super::world_of;
use crate::send_support::{MINUTE, World, permanent, pin, star, unpin, user};

#[test]
fn the_sending_state_is_stored_before_the_call_goes_out() {
    let mut world = World::with_users(&["alice"]);
    let number = world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    assert_eq!(world.open, [SendEffect::Progress(vec![(number, Progress::Sending)])]);
    world.store();
    assert_eq!(world.state(number), Some(PendingState::Sending));
    assert!(world.is_in_flight());
}

#[test]
fn a_mutation_cancelled_before_it_is_stored_as_sending_never_goes_out() {
    let mut world = World::with_users(&["alice", "bob"]);
    let number = world.enqueue(pin("alice"));
    world.enqueue(pin("bob"));
    world.input(SendInput::Changed);
    world.view.outbox.progress(number, Progress::Drop);
    world.run();
    assert_eq!(world.calls(), [WriteCall::Pin { ids: vec![user("bob")], is_pinned: true }]);
}

#[test]
fn one_call_of_a_kind_is_in_flight() {
    let (mut world, names) = world_of(250);
    for name in &names {
        world.enqueue(star(name));
    }
    world.enqueue(pin("user_0000"));
    world.input(SendInput::Changed);
    world.store();
    world.input(SendInput::Changed);
    world.store();
    let kinds = world.open.iter().map(|effect| match effect {
        SendEffect::Call { write, .. } => write.kind(),
        other => panic!("{other:?}"),
    });
    assert_eq!(kinds.collect::<Vec<_>>(), [WriteKind::Pin, WriteKind::Mark]);
}

#[test]
fn a_thousand_toggles_of_one_slot_are_at_most_two_calls() {
    let mut world = World::with_users(&["alice"]);
    world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    world.store();
    for n in 0..1_000 {
        let toggle = if n % 2 == 0 { unpin("alice") } else { pin("alice") };
        let is_met = |_: &Mutation| false;
        world.view.outbox.enqueue(toggle, None, is_met, &Capacity::default()).unwrap();
        world.input(SendInput::Changed);
        world.store();
    }
    world.run();
    assert!(world.calls().len() <= 2, "{:?}", world.calls());
    assert!(world.cloud.row(&user("alice")).unwrap().listing.is_pinned);
}

#[test]
fn an_answer_ends_its_own_number_alone() {
    let mut world = World::with_users(&["alice"]);
    let first = world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    world.store();
    let second = world.enqueue(unpin("alice"));
    world.answer_one();
    world.store();
    assert_eq!(world.state(first), Some(PendingState::Settling));
    assert_eq!(world.state(second), Some(PendingState::Sending));
    world.run();
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn a_late_answer_of_an_abandoned_call_changes_nothing() {
    let mut world = World::with_users(&["alice"]);
    let number = world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    world.store();
    let Some(SendEffect::Call { call, .. }) = world.open.pop() else { panic!("a call") };
    world.input(SendInput::Abandoned);
    world.store();
    let answer = Err(permanent());
    world.input(SendInput::Written { call, answer });
    world.store();
    assert_eq!(world.state(number), Some(PendingState::Sending), "the second call is open");
    assert!(world.pending(number).unwrap().is_uncertain);
}

#[test]
fn a_value_that_no_pass_shows_is_done_at_its_acknowledgement() {
    let mut world = World::with_users(&["alice"]);
    let id = ConversationId::group("team").unwrap();
    let remind = Mutation::Remind { id, remind_type: RemindType::Discard };
    let number = world.send(remind);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert_eq!(world.progress.last(), Some(&(number, Progress::SettledUnseen)));
    world.advance(10 * MINUTE);
    assert_eq!(world.asked, 0);
}
