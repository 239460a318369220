//! Random steps: every mark is followed by a pass, and passes keep the interval.

use proptest::prelude::*;

use super::{super::*, world::*};

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Watch(usize),
    Unwatch(usize),
    Mark(usize),
    Refresh(usize),
    Begin(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0_usize..6;
    prop_oneof![
        3 => (0_u64..2_000).prop_map(Step::Wait),
        2 => n.clone().prop_map(Step::Watch),
        1 => n.clone().prop_map(Step::Unwatch),
        6 => n.clone().prop_map(Step::Mark),
        1 => n.clone().prop_map(Step::Refresh),
        1 => n.prop_map(Step::Begin),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Each mark of an account that stays watched is followed by a pass that began after it; each pass
    /// that the schedule asked for begins an interval after the one before; and it ends.
    #[test]
    fn each_mark_is_followed_by_a_pass_and_passes_keep_the_interval(
        steps in proptest::collection::vec(step(), 1..80),
        per_second in 2_u32..40,
    ) {
        let mut world = World::new(no_safety(), per_second);
        let mut handles = [0_u32; 6];
        let mut marks: Vec<(usize, Duration)> = Vec::new();
        // Those that callers asked for keep to no interval.
        let mut asked_for: Vec<(usize, Duration)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(millis) => world.run_until(world.now + Duration::from_millis(millis)),
                Step::Watch(n) => {
                    handles[n] += 1;
                    world.watch(n);
                    if handles[n] == 1 {
                        marks.push((n, world.now));
                    }
                }
                Step::Unwatch(n) if handles[n] > 0 => {
                    handles[n] -= 1;
                    world.schedule.unwatch(world.now, &account(n), WatchLevel::Background);
                    if handles[n] == 0 {
                        marks.retain(|mark| mark.0 != n);
                    }
                }
                Step::Mark(n) => {
                    let number = world.mark(n);
                    prop_assert_eq!(number.is_some(), handles[n] > 0);
                    marks.extend(number.map(|_| (n, world.now)));
                }
                Step::Refresh(n) => {
                    if let Some(number) = world.schedule.refresh(world.now, &account(n)) {
                        world.note(&account(n), number);
                        marks.push((n, world.now));
                    }
                }
                Step::Begin(n) if handles[n] > 0 => {
                    let passes = world.passes.entry(account(n)).or_default();
                    if passes.running.is_none() {
                        world.begin(&account(n));
                        asked_for.push((n, world.now));
                    }
                }
                Step::Unwatch(_) | Step::Begin(_) => {}
            }
        }
        world.run_until(world.now + Duration::from_secs(60));
        for (n, at) in marks {
            let follows = world.begun(n).iter().any(|begun| *begun >= at);
            prop_assert!(follows, "{n} at {at:?}: {:?}", world.begun(n));
        }
        for n in 0..6 {
            for pair in world.begun(n).windows(2) {
                let is_own = !asked_for.contains(&(n, pair[1]));
                prop_assert!(!is_own || pair[1] - pair[0] >= Duration::from_secs(1), "{pair:?}");
            }
        }
        prop_assert_eq!(world.schedule.queued, 0);
        let idle = world.schedule.next(world.now).is_none();
        prop_assert!(idle);
    }

    /// In a storm for one account, others wait for no more than the line of that moment.
    #[test]
    fn a_storm_for_some_leaves_others_fresh(busy in 1_usize..40, per_second in 20_u32..80) {
        let mut world = World::new(no_safety(), per_second);
        (0..=busy).for_each(|n| world.watch(n));
        world.run_until(secs(20.0));
        for step in 0..200 {
            for n in 0..busy {
                world.mark(n);
            }
            if step == 100 {
                world.mark(busy);
            }
            world.run_until(world.now + Duration::from_millis(50));
        }
        let marked = secs(20.0 + 100.0 * 0.05);
        let begun = world.begun(busy).iter().find(|begun| **begun >= marked).copied();
        let waited = begun.unwrap() - marked;
        let line = world.schedule.time_of(busy as u32 + 1);
        prop_assert!(waited <= line.max(Duration::from_millis(200)) * 2 + Duration::from_millis(50));
    }
}
