//! Changes of several apps in one outbox: each app's cloud knows nothing of the other's.

use conv_model::{
    Capacity, Enqueued, Mutation, MutationError, Outbox, OutcomeKind, PendingState, Progress,
};

use super::{failure, id, member, pin};

fn put(outbox: &mut Outbox, app: u64, mutation: Mutation) -> Result<Enqueued, MutationError> {
    let mut capacity = Capacity::default();
    capacity.pending = 2;
    outbox.enqueue_for(Some(app), mutation, None, |_| false, &capacity)
}

fn number(outbox: &mut Outbox, app: u64, mutation: Mutation) -> u64 {
    put(outbox, app, mutation).unwrap().number.unwrap()
}

fn of(user: usize) -> Mutation {
    member(&format!("C2C{user}"), "Work", true)
}

#[test]
fn what_is_held_for_another_app_takes_no_room() {
    let mut outbox = Outbox::default();
    number(&mut outbox, 1, pin(true));
    number(&mut outbox, 1, of(1));
    assert_eq!(outbox.hold_others(2).slots.len(), 2);
    number(&mut outbox, 2, of(1));
    number(&mut outbox, 2, of(2));
    // A change of the same value that is held for the other app is not replaced: it gives no room.
    for more in [of(3), pin(true), pin(false)] {
        let refused = put(&mut outbox, 2, more);
        assert!(matches!(refused, Err(MutationError::OutboxFull { pending: 2, .. })));
    }
    put(&mut outbox, 2, member("C2C2", "Work", false)).unwrap();
    assert_eq!(outbox.pending().count(), 4);
}

#[test]
fn an_equal_change_of_another_app_is_no_answer() {
    for steps in [vec![], vec![Progress::Sending], vec![Progress::Sending, Progress::Acknowledged]]
    {
        let mut outbox = Outbox::default();
        let other = number(&mut outbox, 1, pin(true));
        steps.into_iter().for_each(|step| drop(outbox.progress(other, step)));
        let own = number(&mut outbox, 2, pin(true));
        assert_ne!(own, other);
        assert_eq!(outbox.get(own).unwrap().app, Some(2));
        // Neither is the other one replaced, and its end is not this one's.
        let done = put(&mut outbox, 2, pin(false)).unwrap();
        assert_eq!(done.outcomes.iter().map(|one| one.number).collect::<Vec<_>>(), [own]);
        outbox.progress(other, Progress::Settled);
        outbox.progress(other, Progress::Drop);
        assert!(outbox.get(other).is_none());
        assert_eq!(outbox.get(done.number.unwrap()).unwrap().mutation, pin(false));
    }
}

#[test]
fn the_oldest_that_are_held_for_other_apps_fail_beyond_their_number() {
    let mut outbox = Outbox::default();
    let capacity = Capacity::default();
    let enqueue = |outbox: &mut Outbox, users: std::ops::Range<usize>, app| {
        for user in users {
            outbox.enqueue_for(Some(app), of(user), None, |_| false, &capacity).unwrap();
        }
    };
    enqueue(&mut outbox, 0..Outbox::MAX_FOREIGN, 1);
    let done = outbox.hold_others(2);
    assert_eq!((done.slots.len(), done.outcomes.len()), (Outbox::MAX_FOREIGN, 0));
    enqueue(&mut outbox, 5_000..5_002, 2);
    let done = outbox.hold_others(3);
    let failed: Vec<_> = done.outcomes.iter().map(|outcome| outcome.number).collect();
    assert_eq!(failed, [1, 2]);
    assert!(
        matches!(&done.outcomes[0].kind, OutcomeKind::Failed(why) if why.message.contains("app 1"))
    );
    let first = outbox.get(1).unwrap();
    assert_eq!((first.state, first.is_foreign), (PendingState::Failed, false));
    assert!(done.slots.contains(&of(0).slot()) && done.slots.contains(&of(5_001).slot()));
    assert_eq!(outbox.pending().filter(|one| one.is_foreign).count(), Outbox::MAX_FOREIGN);

    // Its sender says so, too.
    enqueue(&mut outbox, 6_000..6_001, 3);
    let last = outbox.last_number();
    let done = outbox.progress(last, Progress::HeldForApp(failure()));
    assert_eq!(done.outcomes.iter().map(|outcome| outcome.number).collect::<Vec<_>>(), [3]);
    assert_eq!(done.slots.len(), 2);
}

#[test]
fn the_oldest_that_are_held_for_other_apps_fail_beyond_their_size() {
    let mut outbox = Outbox::default();
    let custom = |user: &str| {
        let custom_data = "x".repeat(600_000).into();
        Mutation::CustomData { id: id(user), custom_data }
    };
    number(&mut outbox, 1, custom("C2Calice"));
    number(&mut outbox, 2, custom("C2Cbob"));
    let done = outbox.hold_others(3);
    assert_eq!(done.outcomes.iter().map(|outcome| outcome.number).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_failed_of_another_app_gives_way_to_a_change_of_the_value_and_answers_for_none() {
    let mut outbox = Outbox::default();
    let other = number(&mut outbox, 1, pin(true));
    outbox.hold_others(2);
    let own = number(&mut outbox, 2, pin(false));
    outbox.progress(other, Progress::Expired);
    let again = number(&mut outbox, 2, pin(true));
    assert!(again > own);
    assert_eq!(outbox.pending().map(|one| one.number).collect::<Vec<_>>(), [again]);
}

#[test]
fn a_retry_needs_room() {
    let mut outbox = Outbox::default();
    let mut capacity = Capacity::default();
    capacity.pending = 2;
    let failed = number(&mut outbox, 1, of(0));
    outbox.progress(failed, Progress::Sending);
    outbox.progress(failed, Progress::Failed(failure()));
    assert_eq!(outbox.check_retry(failed, &capacity), Ok(()));
    number(&mut outbox, 1, of(1));
    let last = number(&mut outbox, 1, of(2));
    let full = outbox.check_retry(failed, &capacity);
    assert!(matches!(full, Err(MutationError::OutboxFull { pending: 2, .. })));
    // What has not failed has its room.
    assert_eq!(outbox.check_retry(last, &capacity), Ok(()));
    capacity.pending = 3;
    capacity.bytes = 20;
    assert!(outbox.check_retry(failed, &capacity).is_err());
}

#[test]
fn what_was_held_for_this_app_is_its_own_as_soon_as_it_is_in_use_again() {
    let mut outbox = Outbox::default();
    let first = number(&mut outbox, 1, pin(true));
    number(&mut outbox, 1, of(1));
    outbox.hold_others(2);
    let full = put(&mut outbox, 1, of(2));
    assert!(matches!(full, Err(MutationError::OutboxFull { pending: 2, .. })), "{full:?}");
    let done = put(&mut outbox, 1, pin(false)).unwrap();
    assert_eq!(done.outcomes.iter().map(|one| one.number).collect::<Vec<_>>(), [first]);
    assert!(outbox.get(first).is_none());
}
