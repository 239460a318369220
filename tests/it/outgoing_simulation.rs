//! Seeds of the simulation of outgoing changes: 2,000 here, and 500 of two processes over one store;
//! `CONV_OUTGOING_SEEDS` sets another number.
//! `CONV_SIM_SEED` runs one alone, and `CONV_SIM_TRACE=1` prints what happens.

use conv_tests::outgoing::{Failure, outgoing, outgoing_pair};

fn run(most: u64, check: fn(u64) -> Result<(), Failure>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("CONV_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CONV_OUTGOING_SEEDS").unwrap_or(most),
    };
    let mut failures = Vec::new();
    for seed in seeds {
        let Err(failure) = check(seed) else { continue };
        println!("{failure:?}");
        failures.push(failure.seed);
    }
    assert!(failures.is_empty(), "{} seeds broke a promise: {failures:?}", failures.len());
}

#[test]
fn accepted_changes_are_sent_and_shown_all_the_time() {
    run(2_000, outgoing);
}

#[test]
fn two_processes_over_one_store_send_what_either_accepted() {
    run(500, outgoing_pair);
}

/// Beyond those that run each time.
#[test]
fn seeds_that_broke_a_promise_once_break_none_now() {
    // Passes could not read the names of groups, and were taken for passes that show none; a row that
    // another device deleted came back with what it had before a change; a stale read lacked a row that
    // was new; a value that was asked for again after its acknowledgement was not sent.
    let seeds = [8335, 483_142, 620_044, 276_705, 740_816];
    let failures: Vec<_> = seeds.into_iter().filter_map(|seed| outgoing(seed).err()).collect();
    assert!(failures.is_empty(), "{failures:?}");
}
