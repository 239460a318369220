//! The mutations that go together in one call, and the answer for each of them.

use conv_model::{ErrorClass, MarkType, Marks, Mutation, PendingState};
use conv_sync::{
    Retry, SourceError, WriteCall, WriteKind,
    testing::{Habits, Script},
};

use super::world_of;
use crate::send_support::{SECOND, World, custom, permanent, pin, refused, star, unpin, user};

#[test]
fn pins_of_the_same_target_go_together_at_most_fifty() {
    let (mut world, names) = world_of(60);
    for name in &names {
        world.enqueue(unpin(name));
    }
    world.enqueue(pin("user_0000"));
    world.change();
    let sizes: Vec<_> = world.calls().iter().map(|call| call.ids().len()).collect();
    assert_eq!(sizes, [50, 9, 1]);
}

#[test]
fn two_hundred_and_fifty_marks_are_three_calls() {
    let (mut world, names) = world_of(250);
    for name in &names {
        world.enqueue(star(name));
    }
    world.change();
    let sizes: Vec<_> = world.calls().iter().map(|call| call.ids().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn the_marks_of_one_conversation_are_one_item_that_never_sets_and_clears_the_same() {
    let mut world = World::with_users(&["alice"]);
    world.enqueue(star("alice"));
    let fold = Mutation::Mark { id: user("alice"), mark_type: MarkType::FOLD, is_set: false };
    world.enqueue(fold);
    world.change();
    let [WriteCall::Mark { items }] = &world.calls()[..] else { panic!("one call") };
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].set, Marks::NONE.with(MarkType::STAR));
    assert_eq!(items[0].clear, Marks::NONE.with(MarkType::FOLD));
}

#[test]
fn marks_and_custom_data_go_apart() {
    let mut world = World::with_users(&["alice"]);
    world.enqueue(star("alice"));
    world.enqueue(custom("alice", "vip"));
    world.change();
    let kinds: Vec<_> = world.calls().iter().map(WriteCall::kind).collect();
    assert_eq!(kinds, [WriteKind::Mark, WriteKind::CustomData]);
}

#[test]
fn each_item_has_its_own_answer_and_a_missing_one_is_uncertain() {
    let (mut world, names) = world_of(12);
    let numbers: Vec<_> = names.iter().map(|name| world.enqueue(star(name))).collect();
    world.cloud.fail_item(user(&names[6]), permanent());
    world.cloud.leave_out(user(&names[8]));
    world.change();
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.state(numbers[6]), Some(PendingState::Failed));
    assert_eq!(world.state(numbers[8]), Some(PendingState::Queued));
    assert!(world.pending(numbers[8]).unwrap().is_uncertain);
    let settling =
        numbers.iter().filter(|number| world.state(**number) == Some(PendingState::Settling));
    assert_eq!(settling.count(), 10);
    world.cloud.mend_item(&user(&names[8]));
    world.advance(SECOND);
    assert_eq!(world.state(numbers[8]), Some(PendingState::Settling));
}

#[test]
fn a_refused_item_does_not_stop_other_conversations() {
    let (mut world, names) = world_of(3);
    world.cloud.fail_item(user(&names[0]), SourceError::TimedOut);
    let numbers: Vec<_> = names.iter().map(|name| world.enqueue(custom(name, "x"))).collect();
    world.change();
    assert_eq!(world.state(numbers[0]), Some(PendingState::Queued));
    assert_eq!(world.state(numbers[1]), Some(PendingState::Settling));
    assert_eq!(world.state(numbers[2]), Some(PendingState::Settling));
}

#[test]
fn one_bad_item_of_a_call_without_results_per_item_is_found_and_the_others_stand() {
    for pins_partly in [false, true] {
        let (mut world, names) = world_of(50);
        let mut habits = Habits::default();
        habits.pins_partly = pins_partly;
        world.cloud.set_habits(habits);
        let numbers: Vec<_> = names.iter().map(|name| world.enqueue(pin(name))).collect();
        world.cloud.fail_item(user(&names[0]), permanent());
        world.change();
        assert_eq!(world.state(numbers[0]), Some(PendingState::Failed));
        let settling = numbers[1..]
            .iter()
            .filter(|number| world.state(**number) == Some(PendingState::Settling));
        assert_eq!(settling.count(), 49, "the others are pinned");
        assert!(world.calls().len() < 15, "halves, not fifty calls: {}", world.calls().len());
    }
}

#[test]
fn a_batch_that_is_too_large_is_halved_for_its_kind_and_that_is_remembered() {
    let (mut world, names) = world_of(60);
    for code in [51006, 70206, 10018] {
        let error = refused(code, ErrorClass::InvalidArgument, Retry::Never);
        world.cloud.script(Script::Refuse(error));
    }
    for name in &names {
        world.enqueue(star(name));
    }
    world.change();
    let sizes: Vec<_> = world.calls().iter().map(|call| call.ids().len()).collect();
    assert_eq!(sizes, [60, 30, 15, 7, 7, 7, 7, 7, 7, 7, 7, 4]);
}

#[test]
fn a_single_item_that_is_too_large_fails() {
    let mut world = World::with_users(&["alice"]);
    let error = refused(51006, ErrorClass::InvalidArgument, Retry::Never);
    world.cloud.script(Script::Refuse(error));
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
}

#[test]
fn many_marks_of_one_conversation_are_no_batch_to_halve() {
    let mut world = World::with_users(&["alice"]);
    for _ in 0..8 {
        let error = refused(51006, ErrorClass::InvalidArgument, Retry::Never);
        world.cloud.script(Script::Refuse(error));
    }
    for mark_type in [MarkType::STAR, MarkType::UNREAD, MarkType::FOLD, MarkType::HIDE] {
        world.enqueue(Mutation::Mark { id: user("alice"), mark_type, is_set: true });
    }
    world.change();
    assert!(world.view.outbox.pending().all(|one| one.state == PendingState::Failed));
}

#[test]
fn an_edition_that_does_not_offer_it_fails_the_whole_batch_in_one_call() {
    let (mut world, names) = world_of(40);
    let error = refused(51013, ErrorClass::Unsupported, Retry::Never);
    world.cloud.script(Script::Refuse(error));
    for name in &names {
        world.enqueue(star(name));
    }
    world.change();
    assert_eq!(world.calls().len(), 1);
    assert!(world.view.outbox.pending().all(|one| one.state == PendingState::Failed));
}
