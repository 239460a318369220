//! Rules of sending: which mutations go together, their order, and the effect of an answer.

use std::time::Duration;

use conv_model::{
    Capacity, ConversationId, ErrorClass, IfNewer, MarkType, Marks, Mutation, OutcomeKind,
    PendingState, Progress, ReadMark, RemindType, Timestamp,
};
use conv_sync::{
    Retry, SendOptions, SourceError, WriteCall, WriteCapabilities, WriteKind,
    testing::{Habits, NOW, Script, SendEffect, SendInput},
};

use crate::send_support::{
    MINUTE, SECOND, World, create, custom, delete_group, limited, member, permanent, pin, refused,
    star, unpin, user, wrong_key,
};

fn many(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("user_{n:04}")).collect()
}

fn world_of(count: usize) -> (World, Vec<String>) {
    let names = many(count);
    let world = World::with_users(&names.iter().map(String::as_str).collect::<Vec<_>>());
    (world, names)
}

#[test]
fn that_it_is_being_sent_is_stored_before_the_call_goes_out() {
    let mut world = World::with_users(&["alice"]);
    let number = world.enqueue(pin("alice"));
    world.input(SendInput::Changed);
    assert_eq!(world.open, [SendEffect::Progress(vec![(number, Progress::Sending)])]);
    world.store();
    assert_eq!(world.state(number), Some(PendingState::Sending));
    assert!(world.is_in_flight());
}

#[test]
fn what_is_taken_back_before_it_is_stored_as_being_sent_never_goes_out() {
    let mut world = World::with_users(&["alice", "bob"]);
    let number = world.enqueue(pin("alice"));
    world.enqueue(pin("bob"));
    world.input(SendInput::Changed);
    world.view.outbox.progress(number, Progress::Drop);
    world.run();
    assert_eq!(world.calls(), [WriteCall::Pin { ids: vec![user("bob")], is_pinned: true }]);
}

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
fn a_lost_answer_leaves_the_mutation_uncertain_and_it_goes_again_after_a_pause() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::LoseAnswer);
    let number = world.send(pin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Queued));
    assert!(world.pending(number).unwrap().is_uncertain);
    assert_eq!(world.calls().len(), 1);
    world.advance(SECOND);
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.state(number), Some(PendingState::Settling));
}

#[test]
fn pauses_grow_with_the_attempts_that_are_stored_and_end_at_five_minutes() {
    let mut world = World::with_users(&["alice"]);
    for _ in 0..20 {
        world.cloud.script(Script::Refuse(SourceError::TimedOut));
    }
    world.send(pin("alice"));
    let mut pauses = Vec::new();
    for _ in 0..14 {
        let wait = world.waits.iter().map(|(_, until)| *until).min().unwrap() - world.now;
        pauses.push(wait);
        world.advance(wait);
    }
    assert_eq!(pauses[..3], [500, 1_000, 2_000].map(Duration::from_millis));
    assert_eq!(pauses[13], 5 * MINUTE);
}

#[test]
fn a_rate_limit_pauses_the_kind_and_nothing_else() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script_kind(WriteKind::Pin, Script::Refuse(limited()));
    let number = world.send(pin("alice"));
    assert!(!world.pending(number).unwrap().is_uncertain);
    let second = world.send(pin("bob"));
    let mark = world.send(star("bob"));
    assert_eq!(world.state(second), Some(PendingState::Queued));
    assert_eq!(world.state(mark), Some(PendingState::Settling));
    world.advance(SECOND);
    assert_eq!(world.state(number), Some(PendingState::Settling));
    assert_eq!(world.state(second), Some(PendingState::Settling));
    assert_eq!(world.calls().len(), 3);
}

#[test]
fn a_pause_that_the_cloud_asked_for_outlasts_waking_up() {
    let mut world = World::with_users(&["alice", "bob"]);
    let status = 429;
    let asked = Some(MINUTE);
    let error = SourceError::Http { status, retry_after: asked };
    world.cloud.script(Script::Refuse(error));
    world.send(pin("alice"));
    world.cloud.script(Script::Refuse(SourceError::TimedOut));
    let mark = world.send(star("bob"));
    world.input(SendInput::Retry);
    world.run();
    assert_eq!(world.state(mark), Some(PendingState::Settling), "its pause ended");
    assert_eq!(world.calls().len(), 3);
    world.advance(2 * MINUTE);
    assert_eq!(world.calls().len(), 4);
}

#[test]
fn a_permanent_refusal_fails_the_mutation_and_shows_the_base_again() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.fail_item(user("alice"), permanent());
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    let failure = world.pending(number).unwrap().failure.clone().unwrap();
    assert_eq!((failure.class, failure.code), (ErrorClass::InvalidArgument, Some(50002)));
    assert!(world.view.shown(&user("alice")).unwrap().listing.marks.is_empty());
    assert_eq!(world.calls().len(), 1);
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

#[test]
fn a_failed_group_operation_is_tried_once_more_and_then_fails() {
    let mut world = World::with_users(&["alice"]);
    let error = || refused(51007, ErrorClass::Cloud, Retry::Once);
    world.cloud.script(Script::Refuse(error()));
    world.cloud.script(Script::Refuse(error()));
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Queued));
    world.advance(MINUTE);
    assert_eq!(world.state(number), Some(PendingState::Failed));
    assert_eq!(world.calls().len(), 2);
}

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
fn what_is_held_stays_held_after_a_restart() {
    let mut world = World::with_users(&["alice", "bob"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    let held = world.send(pin("alice"));
    world.sender =
        conv_sync::testing::Sender::new(SendOptions::default(), &WriteCapabilities::default());
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
fn removing_what_is_not_there_is_done() {
    let mut world = World::with_users(&["alice"]);
    let gone = || refused(10010, ErrorClass::NotFound, Retry::Never);
    for mutation in [
        unpin("alice"),
        custom("alice", ""),
        Mutation::Mark { id: user("alice"), mark_type: MarkType::STAR, is_set: false },
        member("alice", "Family", false),
    ] {
        world.cloud.script(Script::Refuse(gone()));
        let number = world.send(mutation);
        assert_eq!(world.state(number), Some(PendingState::Settling));
    }
    world.cloud.script(Script::Refuse(gone()));
    let number = world.send(pin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed), "setting it is not");
}

#[test]
fn what_may_not_be_seen_is_not_taken_as_gone() {
    let mut world = World::with_users(&["alice"]);
    let error = refused(10007, ErrorClass::NotFound, Retry::Never);
    world.cloud.script(Script::Refuse(error));
    let number = world.send(unpin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
}

#[test]
fn what_the_cloud_does_not_offer_fails_without_a_call() {
    let capabilities = WriteCapabilities::of([WriteKind::Pin]);
    let mut world = World::with(SendOptions::default(), capabilities);
    world.add_users(&["alice"]);
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    assert_eq!(world.pending(number).unwrap().failure.as_ref().unwrap().code, Some(3122));
    assert_eq!(world.calls(), []);
}

fn read(id: conv_model::ConversationId, seconds: u64) -> Mutation {
    let time = Timestamp::from_secs(NOW.as_secs() + seconds);
    Mutation::Read { id, until: ReadMark::new(time, seconds), count: 0 }
}

#[test]
fn groups_are_marked_as_read_only_where_that_was_asked_for() {
    let team = conv_model::ConversationId::group("team").unwrap();
    let mut world = World::new();
    let number = world.send(read(team.clone(), 1));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    let options = SendOptions::default().with_read_groups(true);
    let mut world = World::with(options, WriteCapabilities::default());
    let number = world.send(read(team, 1));
    assert_eq!(world.state(number), None, "done");
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_groups_number_of_unread_messages_is_computed_at_sending_and_not_repeated_blindly() {
    let team = conv_model::ConversationId::group("team").unwrap();
    let options = SendOptions::default().with_read_groups(true);
    let mut world = World::with(options, WriteCapabilities::default());
    world.cloud.add_row(team.clone());
    world.view.read(&world.cloud);
    world.cloud.script(Script::LoseAnswer);
    let mut row = world.cloud.row(&team).unwrap();
    row.unread.count = Some(9);
    world.view.rows.insert(team.clone(), row.into());
    world.send(read(team.clone(), 0));
    assert!(matches!(world.calls()[..], [WriteCall::Read { unread: Some(0), .. }]));
    world.advance(5 * MINUTE);
    assert_eq!(world.calls().len(), 1, "its outcome is unknown");
    world.pass();
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn an_older_reading_than_the_acknowledged_one_is_never_sent() {
    let mut world = World::with_users(&["alice"]);
    world.send(read(user("alice"), 5));
    let older = world.send(read(user("alice"), 3));
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.outcome(older), Some(&OutcomeKind::Done));
}

#[test]
fn what_no_pass_shows_is_done_at_its_acknowledgement() {
    let mut world = World::with_users(&["alice"]);
    let id = conv_model::ConversationId::group("team").unwrap();
    let remind = Mutation::Remind { id, remind_type: RemindType::Discard };
    let number = world.send(remind);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert_eq!(world.progress.last(), Some(&(number, Progress::SettledUnseen)));
    world.advance(10 * MINUTE);
    assert_eq!(world.asked, 0);
}

#[test]
fn what_was_not_sent_in_seven_days_expires() {
    let mut world = World::with_users(&["alice"]);
    world.view.wall_time = Some(NOW);
    world.cloud.script(Script::Refuse(wrong_key()));
    let capacity = Capacity::default();
    let queued = world.view.outbox.enqueue(pin("alice"), Some(NOW), |_| false, &capacity);
    let number = queued.unwrap().number.unwrap();
    world.change();
    assert_eq!(world.state(number), Some(PendingState::Held));
    world.view.wall_time = Some(Timestamp::from_secs(NOW.as_secs() + 7 * 86_400 - 1));
    world.change();
    assert_eq!(world.state(number), Some(PendingState::Held));
    world.view.wall_time = Some(Timestamp::from_secs(NOW.as_secs() + 7 * 86_400));
    // The alarm for that moment rings by itself.
    world.advance(SECOND);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Expired));
}

#[test]
fn without_wall_time_nothing_expires_and_no_alarm_is_set() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    world.send(pin("alice"));
    assert!(world.waits.is_empty());
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
fn a_call_that_found_no_connection_was_not_sent() {
    let mut world = World::with_users(&["alice"]);
    let refused = || SourceError::NotConnected { what: "connection refused".into(), cause: None };
    for _ in 0..6 {
        world.cloud.script(Script::Refuse(refused()));
    }
    let number = world.send(pin("alice"));
    let mut calls = vec![world.now];
    for _ in 0..100 {
        world.advance(SECOND / 10);
        if world.calls().len() > calls.len() {
            calls.push(world.now);
        }
        if calls.len() == 5 {
            break;
        }
    }
    let pending = world.pending(number).unwrap();
    assert!(pending.is_unsent() && pending.attempts == 0, "{pending:?}");
    assert!(pending.failure.as_ref().unwrap().message.contains("connection refused"));
    let pauses: Vec<_> = calls.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.windows(2).all(|two| two[0] < two[1]), "{pauses:?}");
    let dropped = world.view.outbox.progress(number, Progress::Drop);
    assert_eq!(dropped.outcomes[0].kind, OutcomeKind::Cancelled);
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

/// A deletion of a group's conversation that was refused twice with a code that has two meanings.
fn doubted_deletion(exists: Result<Option<bool>, SourceError>) -> (World, u64) {
    let mut world = World::new();
    let id = ConversationId::group("team").unwrap();
    world.cloud.add_row(id.clone());
    world.view.read(&world.cloud);
    world.pass();
    world.group_exists = exists;
    for _ in 0..2 {
        world.cloud.script(Script::Refuse(refused(51_007, ErrorClass::Cloud, Retry::Once)));
    }
    let if_newer = IfNewer::default();
    let number = world.send(Mutation::Delete { id, seen: NOW, clears_history: false, if_newer });
    world.advance(2 * SECOND);
    (world, number)
}

#[test]
fn a_group_is_believed_to_be_gone_only_if_the_cloud_says_so_of_the_group() {
    let (world, number) = doubted_deletion(Ok(Some(false)));
    assert_eq!((world.calls().len(), world.state(number)), (2, Some(PendingState::Settling)));
    let (mut world, number) = doubted_deletion(Ok(Some(true)));
    world.advance(2 * SECOND);
    assert_eq!((world.calls().len(), world.state(number)), (3, Some(PendingState::Settling)));
    let (world, number) = doubted_deletion(Ok(None));
    assert_eq!((world.calls().len(), world.state(number)), (2, Some(PendingState::Failed)));
}

#[test]
fn a_proxys_page_in_the_clouds_place_ends_no_change() {
    let mut world = World::with_users(&["alice"]);
    for status in [404, 410, 413, 204] {
        world.cloud.script(Script::Refuse(SourceError::Http { status, retry_after: None }));
    }
    let number = world.send(pin("alice"));
    let pending = world.pending(number).unwrap();
    assert_eq!((pending.state, pending.is_uncertain), (PendingState::Queued, true));
    world.advance(MINUTE);
    assert_eq!((world.calls().len(), world.state(number)), (5, Some(PendingState::Settling)));
}

#[test]
fn a_change_that_seems_too_old_goes_out_once_before_it_expires() {
    let long_ago = Some(Timestamp::from_secs(NOW.as_secs() - 4 * 365 * 86_400));
    let enqueue = |world: &mut World| {
        world.view.wall_time = Some(NOW);
        let capacity = Capacity::default();
        let queued = world.view.outbox.enqueue(pin("alice"), long_ago, |_| false, &capacity);
        world.change();
        queued.unwrap().number.unwrap()
    };
    // The device's clock was wrong when its owner made the change.
    let mut world = World::with_users(&["alice"]);
    let number = enqueue(&mut world);
    assert_eq!(world.state(number), Some(PendingState::Settling));

    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::Refuse(SourceError::TimedOut));
    let number = enqueue(&mut world);
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Expired));
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
