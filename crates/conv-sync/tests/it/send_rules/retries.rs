//! Calls that are repeated: after which errors, and after which pause.

use std::time::Duration;

use conv_model::{ErrorClass, OutcomeKind, PendingState, Progress};
use conv_sync::{
    Retry, SourceError, WriteKind,
    testing::{Script, SendInput},
};

use crate::send_support::{MINUTE, SECOND, World, limited, pin, refused, star};

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
