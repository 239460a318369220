//! Two ways to do the same, timed in turn.

use std::{hint::black_box, time::Instant};

const ROUNDS: usize = 100;

/// Prints the p10 of both in microseconds a call, and their ratio.
pub(crate) fn compare<A, B>(
    what: &str,
    calls: usize,
    goal: f64,
    mut ours: impl FnMut(usize) -> A,
    mut theirs: impl FnMut(usize) -> B,
) {
    let (mut a, mut b) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    for round in 0..ROUNDS {
        a.push(time(round, calls, &mut ours));
        b.push(time(round, calls, &mut theirs));
    }
    let (a, b) = (p10(a), p10(b));
    println!("{what:<44} {a:>9.3} µs {b:>9.3} µs {:>6.2}  (goal {goal})", a / b);
}

fn time<T>(round: usize, calls: usize, call: &mut impl FnMut(usize) -> T) -> f64 {
    let start = Instant::now();
    for number in 0..calls {
        black_box(call(round * calls + number));
    }
    start.elapsed().as_secs_f64() * 1e6 / calls as f64
}

fn p10(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}
