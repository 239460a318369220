use std::collections::BTreeMap;

use conv_model::{ConversationId, Facet};
use proptest::prelude::*;

use super::*;
use crate::Work;

fn account(n: usize) -> AccountId {
    format!("user_{n:03}").parse().unwrap()
}

fn listing() -> Pending {
    Work::Listing.into()
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn rate(per_second: u32) -> NonZeroU32 {
    NonZeroU32::new(per_second).unwrap()
}

/// The passes of one account, as its list has them.
#[derive(Debug, Default)]
struct Passes {
    noted: u64,
    progress: Progress,
    /// The mark that the pass under way sees, and its end.
    running: Option<(u64, Duration)>,
    begun: Vec<Duration>,
}

/// A schedule with a line of passes, of which one begins per step, as the rate allows.
struct World {
    schedule: Schedule,
    now: Duration,
    line: Vec<AccountId>,
    free: Duration,
    passes: BTreeMap<AccountId, Passes>,
    reads: usize,
    /// The time of a pass.
    takes: Duration,
}

impl World {
    fn new(options: WatchOptions, per_second: u32) -> Self {
        Self {
            schedule: Schedule::new(options, rate(per_second)),
            now: Duration::from_secs(1),
            line: Vec::new(),
            free: Duration::ZERO,
            passes: BTreeMap::new(),
            reads: 0,
            takes: Duration::from_millis(50),
        }
    }

    fn watch(&mut self, n: usize) {
        self.schedule.watch(self.now, &account(n), WatchLevel::Background);
    }

    /// The number of the mark, if it was taken.
    fn mark(&mut self, n: usize) -> Option<u64> {
        let number = self.schedule.mark(self.now, &account(n), &listing())??;
        self.note(&account(n), number);
        Some(number)
    }

    fn note(&mut self, account: &AccountId, number: u64) {
        let passes = self.passes.entry(account.clone()).or_default();
        passes.noted = passes.noted.max(number);
    }

    fn run_until(&mut self, end: Duration) {
        while self.now < end {
            self.now = (self.now + Duration::from_millis(10)).min(end);
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.end_passes();
        while let Some(action) = self.schedule.next(self.now) {
            match action {
                Action::Pull(account) => {
                    let newest = self.schedule.newest_mark(&account);
                    self.note(&account, newest);
                    self.line.push(account);
                }
                Action::Read(account, _) => {
                    self.reads += 1;
                    self.schedule.read(self.now, &account);
                }
            }
        }
        let per_pass = self.schedule.time_of(1);
        while self.free <= self.now && !self.line.is_empty() {
            let account = self.line.remove(0);
            if self.schedule.is_asked(&account) {
                self.free = self.free.max(self.now - Duration::from_millis(10)) + per_pass;
                self.begin(&account);
            }
        }
    }

    /// A pass begins, for whatever reason.
    fn begin(&mut self, account: &AccountId) {
        let passes = self.passes.entry(account.clone()).or_default();
        passes.begun.push(self.now);
        passes.running = Some((passes.noted, self.now + self.takes));
        passes.progress.begun += 1;
        passes.progress.seen = passes.noted;
        passes.progress.is_running = true;
        let progress = passes.progress;
        self.schedule.started(self.now, account, progress);
    }

    fn end_passes(&mut self) {
        for (account, passes) in &mut self.passes {
            if let Some((seen, end)) = passes.running.filter(|(_, end)| *end <= self.now) {
                debug_assert!(end <= self.now);
                passes.running = None;
                (passes.progress.served, passes.progress.is_running) = (seen, false);
                self.schedule.progress(self.now, account, passes.progress);
            }
        }
    }

    fn begun(&self, n: usize) -> &[Duration] {
        self.passes.get(&account(n)).map_or(&[], |passes| &passes.begun)
    }
}

fn no_safety() -> WatchOptions {
    let never = Duration::from_secs(1_000_000);
    WatchOptions::default().with_safety(never, never)
}

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
