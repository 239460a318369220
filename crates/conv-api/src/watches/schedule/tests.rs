mod random;
mod world;

use conv_model::{ConversationId, Facet};

use self::world::*;
use super::*;
use crate::Work;

#[test]
fn many_marks_are_one_pass_and_the_first_interest_is_one() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.turn();
    assert_eq!(world.begun(1).len(), 1, "at once");
    world.run_until(secs(10.0));
    for _ in 0..1_000 {
        world.mark(1);
    }
    world.run_until(secs(20.0));
    assert_eq!(world.begun(1).len(), 2);
    assert!(world.begun(1)[1] >= secs(10.2), "the delay");
    assert_eq!(world.schedule.counts.coalesced, 999);
}

#[test]
fn a_mark_during_a_pass_makes_another_one() {
    let mut world = World::new(no_safety(), 160);
    world.takes = Duration::from_secs(3);
    world.watch(1);
    world.run_until(secs(2.0));
    world.mark(1);
    world.run_until(secs(3.9));
    assert_eq!(world.begun(1).len(), 1, "it is under way");
    world.run_until(secs(5.0));
    assert_eq!(world.begun(1).len(), 2);
}

#[test]
fn a_pass_that_a_caller_asked_for_serves_marks_too() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.run_until(secs(5.0));
    world.mark(1);
    world.begin(&account(1));
    world.run_until(secs(20.0));
    assert_eq!(world.begun(1).len(), 2);
}

#[test]
fn nothing_is_done_without_an_interest() {
    let mut world = World::new(no_safety(), 160);
    for n in 0..10_000 {
        assert_eq!(world.mark(n), None);
    }
    assert_eq!((world.schedule.accounts.len(), world.schedule.due.len()), (0, 0));
    world.watch(1);
    world.watch(1);
    assert_eq!(world.schedule.counts(), (1, 0));
    world.schedule.unwatch(world.now, &account(1), WatchLevel::Background);
    world.run_until(secs(3.0));
    assert_eq!(world.begun(1).len(), 1, "one interest is left");
    world.mark(1);
    world.schedule.unwatch(world.now, &account(1), WatchLevel::Background);
    world.run_until(secs(20.0));
    assert_eq!(world.begun(1).len(), 1);
    assert_eq!((world.schedule.accounts.len(), world.schedule.due.len()), (0, 0));
}

#[test]
fn an_interest_that_comes_and_goes_keeps_the_interval() {
    let mut world = World::new(no_safety(), 160);
    for _ in 0..100 {
        world.watch(1);
        world.run_until(world.now + Duration::from_millis(60));
        world.schedule.unwatch(world.now, &account(1), WatchLevel::Background);
    }
    assert!(world.begun(1).len() <= 7, "{}", world.begun(1).len());
}

#[test]
fn single_rows_are_read_without_a_pass() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.run_until(secs(5.0));
    let row = ConversationId::c2c("alice").unwrap();
    for _ in 0..10 {
        let work = Work::Profile(row.clone()).into();
        assert_eq!(world.schedule.mark(world.now, &account(1), &work), Some(None));
    }
    let due = world.schedule.wake().unwrap();
    let read = world.schedule.next(due);
    let Some(Action::Read(_, work)) = read else { panic!("{read:?}") };
    assert_eq!(work.facets.into_iter().collect::<Vec<_>>(), [(Facet::Profile, row)]);
    assert_eq!(world.begun(1).len(), 1);
}

#[test]
fn an_account_without_marks_is_pulled_after_a_while_and_sooner_in_silence() {
    let options = WatchOptions::default();
    let passes = |is_heard: bool| {
        let mut world = World::new(options.clone(), 160);
        world.watch(1);
        for _ in 0..36 {
            world.run_until(world.now + Duration::from_secs(100));
            if is_heard {
                world.schedule.hear(world.now);
            }
        }
        world.begun(1).len()
    };
    let (heard, silent) = (passes(true), passes(false));
    assert!((6..=8).contains(&heard), "{heard}");
    assert!((55..=61).contains(&silent), "{silent}");
}

#[test]
fn safety_passes_use_at_most_half_of_the_budget() {
    let mut world = World::new(WatchOptions::default(), 4);
    (0..200).for_each(|n| world.watch(n));
    world.run_until(secs(500.0));
    let passes: usize = world.passes.values().map(|passes| passes.begun.len()).sum();
    assert!((300..=200 + 500 * 4 / 2 / 2).contains(&passes), "{passes}");
}

#[test]
fn an_account_in_an_outage_is_left_to_its_own_retries() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.turn();
    // It pauses after a failure, and its task goes on.
    world.takes = Duration::from_secs(1_000);
    world.passes.get_mut(&account(1)).unwrap().running = None;
    for _ in 0..10 {
        world.mark(1);
        world.run_until(world.now + Duration::from_secs(2));
    }
    assert_eq!(world.begun(1).len(), 1);
}

#[test]
fn marks_of_a_pass_that_failed_before_it_began_stay() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.run_until(secs(5.0));
    world.mark(1);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let due = world.schedule.wake().unwrap();
        pauses.push((due.saturating_sub(world.now)).as_secs());
        world.now = due;
        assert_eq!(world.schedule.next(due), Some(Action::Pull(account(1))));
        // The lease could not be asked for.
        let failed = world.passes[&account(1)].progress;
        world.schedule.started(due, &account(1), Progress { is_running: true, ..failed });
        world.schedule.progress(due, &account(1), failed);
        assert_eq!(world.schedule.queued, 0);
    }
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 64, 64]);
    world.run_until(world.now + Duration::from_secs(70));
    assert_eq!(world.begun(1).len(), 2);
    world.mark(1);
    world.run_until(world.now + Duration::from_secs(2));
    assert_eq!(world.begun(1).len(), 3, "the pauses are over");
}

#[test]
fn rows_that_cannot_be_read_are_read_again_a_few_times() {
    let mut world = World::new(no_safety(), 160);
    world.watch(1);
    world.run_until(secs(5.0));
    let row = ConversationId::c2c("alice").unwrap();
    let work = Pending::from(Work::Profile(row));
    world.schedule.mark(world.now, &account(1), &work);
    let mut pauses = Vec::new();
    while let Some(due) = world.schedule.wake() {
        pauses.push(due.saturating_sub(world.now).as_secs());
        world.now = due;
        let action = world.schedule.next(due);
        assert_eq!(action, Some(Action::Read(account(1), work.clone())));
        // The cloud asks for more once.
        let pause = (pauses.len() == 2).then_some(Duration::from_secs(10));
        world.schedule.read(due, &account(1), &Failed { work: work.clone(), pause });
        if pauses.len() == 7 {
            break;
        }
    }
    assert_eq!(pauses, [0, 1, 10, 4, 8, 16, 32]);
    let counts = world.schedule.counts;
    assert_eq!((counts.reads, counts.reads_given_up, counts.marks), (7, 1, 1));
    let later = world.now + Duration::from_secs(600);
    assert!(world.schedule.wake().is_none_or(|wake| wake > later), "given up");
}
