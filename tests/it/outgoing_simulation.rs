//! Seeds of the simulation of outgoing changes: 2,000 here; `CONV_SIM_SEEDS` sets another number.
//! `CONV_SIM_SEED` runs one alone, and `CONV_SIM_TRACE=1` prints what happens.

use conv_tests::outgoing::{Broken, outgoing};

#[test]
fn what_was_accepted_is_sent_and_shown_all_the_time() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("CONV_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CONV_SIM_SEEDS").unwrap_or(2_000),
    };
    // A value that was set back just before a restart may settle by a stale read that shows the value
    // from before both changes: the row flickers once. One seed of five thousand may meet it.
    let allowed = (seeds.end - seeds.start) / 5_000;
    let mut flickers = 0;
    let mut failures = Vec::new();
    for seed in seeds {
        let Err(failure) = outgoing(seed) else { continue };
        println!("{failure:?}");
        match failure.broken.keys().eq(&[Broken::Flicker]) {
            true if flickers < allowed => flickers += 1,
            _ => failures.push(failure.seed),
        }
    }
    assert!(failures.is_empty(), "{} seeds broke a promise: {failures:?}", failures.len());
}
