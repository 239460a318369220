//! Changes that were not sent in time.

use conv_model::{Capacity, ErrorClass, OutcomeKind, PendingState, Timestamp};
use conv_sync::{
    SendOptions, SourceError, WriteCapabilities,
    testing::{NOW, Script},
};

use crate::send_support::{SECOND, World, pin, wrong_key};

#[test]
fn a_change_that_was_not_sent_in_seven_days_expires() {
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
    let failure = world.pending(number).unwrap().failure.clone().unwrap();
    assert_eq!((failure.class, failure.code), (ErrorClass::Auth, Some(70_003)));
    assert!(failure.message.starts_with("not sent in time, since it was held: "), "{failure:?}");
}

#[test]
fn a_change_held_for_another_app_expires_with_that_reason_and_is_not_sent() {
    let mut capabilities = WriteCapabilities::default();
    capabilities.app = Some(2);
    let mut world = World::with(SendOptions::default(), capabilities);
    world.add_users(&["alice"]);
    world.view.wall_time = Some(NOW);
    let capacity = Capacity::default();
    let queued = world.view.outbox.enqueue(pin("alice"), Some(NOW), |_| false, &capacity);
    let number = queued.unwrap().number.unwrap();
    world.view.outbox.assign_app(0, 1);
    world.change();
    assert_eq!(world.state(number), Some(PendingState::Held));
    world.view.wall_time = Some(Timestamp::from_secs(NOW.as_secs() + 7 * 86_400));
    world.change();
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Expired));
    let failure = world.pending(number).unwrap().failure.clone().unwrap();
    let message = &failure.message;
    assert!(message.contains("held") && message.contains("the app 1"), "{failure:?}");
    assert_eq!(world.calls(), []);
}

#[test]
fn without_wall_time_nothing_expires_and_no_alarm_is_set() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.script(Script::Refuse(wrong_key()));
    world.send(pin("alice"));
    assert!(world.waits.is_empty());
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
    let failure = world.pending(number).unwrap().failure.clone().unwrap();
    assert!(!failure.message.contains("held"), "{failure:?}");
}
