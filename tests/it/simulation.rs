//! Seeds of the simulation. `CONV_SIM_SEEDS=1000000 cargo test --release -p conv-tests simulation`
//! runs more of them.

use std::collections::BTreeMap;

use conv_tests::sim::{CursorKind, Failure, chaos, churn};

fn seeds() -> u64 {
    let wanted = std::env::var("CONV_SIM_SEEDS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(10_000)
}

/// Every seed runs with every cursor kind in turn.
fn run(check: fn(u64, CursorKind) -> Result<(), Failure>) -> BTreeMap<CursorKind, Vec<Failure>> {
    let mut failures = BTreeMap::<_, Vec<_>>::new();
    for seed in 0..seeds() {
        let kind = CursorKind::ALL[(seed % 5) as usize];
        if let Err(failure) = check(seed, kind) {
            eprintln!("{failure:?}");
            failures.entry(kind).or_default().push(failure);
        }
    }
    failures
}

#[test]
fn under_churn_every_row_that_stayed_is_held() {
    let failures = run(churn);
    println!("{failures:?}");
    assert!(failures.is_empty());
}

#[test]
fn after_chaos_one_quiet_pass_is_exact() {
    let failures = run(chaos);
    println!("{failures:?}");
    assert!(failures.is_empty());
}
