//! Entrants on the same work, in turn.

use std::{hint::black_box, ops::Range};

use crate::{
    figure::{Value, percentile},
    neighbours,
    settings::Settings,
    watch::{Cpu, Times, Watch},
};

/// A sample takes about so long, in microseconds, if the work can be repeated within it: long enough
/// that what the other entrants left in the processor's caches counts little.
const SAMPLE: f64 = 2_000.0;
/// For that, too, a slower one has so many calls, as far as they fit into a longer sample.
const FEW_CALLS: f64 = 16.0;
const LONG_SAMPLE: f64 = 20_000.0;
/// Repeating more often makes no sample better.
const MOST_CALLS: f64 = 5_000.0;
/// The fewest samples of an entrant that is too slow for all rounds.
const FEWEST_SAMPLES: usize = 5;

/// Makes the calls of these numbers.
type Calls<'a> = Box<dyn FnMut(&mut Watch, Range<usize>) + 'a>;

/// Those who do the same work. Each call gets a number that counts up.
pub struct Contest<'a> {
    cpu: Cpu,
    entrants: Vec<(&'static str, Calls<'a>)>,
}

impl<'a> Contest<'a> {
    pub fn new(cpu: Cpu) -> Self {
        Self { cpu, entrants: Vec::new() }
    }

    /// One whose whole call counts.
    #[must_use]
    pub fn enter<T>(mut self, name: &'static str, mut call: impl FnMut(usize) -> T + 'a) -> Self {
        let calls = move |watch: &mut Watch, numbers: Range<usize>| {
            watch.time(|| numbers.for_each(|number| drop(black_box(call(number)))));
        };
        self.entrants.push((name, Box::new(calls)));
        self
    }

    /// One that says which part of its call counts.
    #[must_use]
    pub fn enter_timed(
        mut self,
        name: &'static str,
        mut call: impl FnMut(&mut Watch, usize) + 'a,
    ) -> Self {
        let calls = move |watch: &mut Watch, numbers: Range<usize>| {
            numbers.for_each(|number| call(watch, number));
        };
        self.entrants.push((name, Box::new(calls)));
        self
    }

    /// Lets them take turns, each round beginning with the next one.
    pub fn run(self, settings: &Settings) -> Vec<(&'static str, Value)> {
        let mut lanes: Vec<_> =
            self.entrants.into_iter().map(|(name, work)| Lane::new(name, work, self.cpu)).collect();
        let count = lanes.len();
        for round in 0..settings.rounds {
            for turn in 0..count {
                lanes[(round + turn) % count].sample(settings);
            }
        }
        // All or none: a slowed run cannot be compared with one that was not.
        let is_alone = lanes.iter().all(Lane::has_been_alone);
        if !is_alone {
            eprintln!(
                "the core was shared nearly always, which slowed some entrants more than others"
            );
        }
        lanes.into_iter().map(|lane| (lane.name, lane.value(is_alone))).collect()
    }
}

struct Sample {
    times: Times,
    /// True if the process was alone on its core, before and after.
    is_alone: bool,
}

struct Lane<'a> {
    name: &'static str,
    work: Calls<'a>,
    cpu: Cpu,
    /// In a sample.
    calls: usize,
    next: usize,
    spent: f64,
    samples: Vec<Sample>,
}

impl<'a> Lane<'a> {
    /// The first calls warm up, and show how many make a sample.
    fn new(name: &'static str, work: Calls<'a>, cpu: Cpu) -> Self {
        let mut lane = Self { name, work, cpu, calls: 1, next: 0, spent: 0.0, samples: Vec::new() };
        let first = lane.run().wall;
        let took = if first < LONG_SAMPLE { lane.run().wall } else { first };
        let fitting = |time: f64| time / took.max(0.001);
        let calls = fitting(SAMPLE).max(fitting(LONG_SAMPLE).min(FEW_CALLS));
        lane.calls = calls.clamp(1.0, MOST_CALLS) as usize;
        lane
    }

    fn sample(&mut self, settings: &Settings) {
        if self.spent > settings.budget.as_secs_f64() * 1e6 && self.samples.len() >= FEWEST_SAMPLES
        {
            return;
        }
        let was_quiet = neighbours::are_quiet(settings.is_patient);
        let times = self.run();
        self.spent += times.wall * self.calls as f64;
        let is_alone = was_quiet && neighbours::are_quiet(false);
        self.samples.push(Sample { times, is_alone });
    }

    /// Microseconds a call.
    fn run(&mut self) -> Times {
        let mut watch = Watch::new(self.cpu);
        let numbers = self.next..self.next + self.calls;
        self.next = numbers.end;
        (self.work)(&mut watch, numbers);
        watch.total / self.calls as f64
    }

    /// Returns true if enough of its samples were taken while the process was alone on its core.
    fn has_been_alone(&self) -> bool {
        let alone = self.samples.iter().filter(|sample| sample.is_alone).count();
        alone >= FEWEST_SAMPLES.min(self.samples.len())
    }

    /// Of all samples, or only of those that were taken alone.
    fn value(self, is_alone: bool) -> Value {
        let counts = |sample: &&Sample| sample.is_alone || !is_alone;
        let counted = self.samples.iter().filter(counts).map(|sample| sample.times);
        let (walls, cpus): (Vec<_>, Vec<_>) = counted.map(|times| (times.wall, times.cpu)).unzip();
        Value::Time { wall: percentile(&walls, 0.1), cpu: percentile(&cpus, 0.1) }
    }
}
