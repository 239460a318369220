//! Runs the seeds of one kind of run against one kind of cursor, and stops at the first that
//! breaks a promise: `zoo <churn|chaos|devices|hardship|refresh> <cursor kind> <promise|any> <seeds>`, or
//! `zoo <outgoing|pair> Any <promise|any> <seeds>` for changes that one process or two send, or
//! `zoo resume Any <promise|any> <seeds>` for clients that come back.
//!
//! `CONV_SIM_SEED` is the first seed, instead of 0.
//!
//! Exits with 0 if none did, with 1 if one did; anything else is a mistake.

#[path = "../support"]
#[allow(dead_code, unused_imports, clippy::unwrap_used, clippy::indexing_slicing)]
mod support {
    pub mod outgoing;
    pub mod resume;
    pub mod sim;
}

use std::{collections::BTreeSet, fmt::Debug, process::ExitCode};

use support::{
    outgoing::{outgoing, outgoing_pair},
    resume::resume,
    sim::{CursorKind, Failure, chaos, churn, devices, hardship, refresh},
};

type Run = fn(u64, CursorKind) -> Result<(), Failure>;

const USAGE: &str = "usage: zoo <churn|chaos|devices|hardship|refresh> <cursor kind> <promise|any> <seeds>, \
                     or zoo <outgoing|pair|resume> Any <promise|any> <seeds>";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [run, kind, promise, seeds] = args.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let seeds = seeds.parse::<u64>();
    if let ("outgoing" | "pair", "Any", Ok(seeds)) = (run.as_str(), kind.as_str(), &seeds) {
        let check = if run == "pair" { outgoing_pair } else { outgoing };
        return run_seeds(*seeds, promise, |seed| {
            let run = check(seed);
            run.map_err(|failure| failure.broken.into_keys().collect())
        });
    }
    if let ("resume", "Any", Ok(seeds)) = (run.as_str(), kind.as_str(), &seeds) {
        return run_seeds(*seeds, promise, |seed| resume(seed).map_err(|failure| failure.broken));
    }
    let run: Option<Run> = match run.as_str() {
        "churn" => Some(churn),
        "chaos" => Some(chaos),
        "devices" => Some(devices),
        "hardship" => Some(hardship),
        "refresh" => Some(refresh),
        _ => None,
    };
    let kind = CursorKind::ALL.into_iter().find(|known| format!("{known:?}") == *kind);
    let (Some(run), Some(kind), Ok(seeds)) = (run, kind, seeds) else {
        eprintln!("unknown run, cursor kind or number: {args:?}");
        return ExitCode::from(2);
    };
    run_seeds(seeds, promise, |seed| run(seed, kind).map_err(|failure| failure.broken))
}

/// Runs seeds until one breaks the promise; each says what it broke.
fn run_seeds<B: Debug>(
    seeds: u64,
    promise: &str,
    run: impl Fn(u64) -> Result<(), BTreeSet<B>>,
) -> ExitCode {
    let is_it = |broken: &BTreeSet<B>| {
        promise == "any" || broken.iter().any(|broken| format!("{broken:?}") == *promise)
    };
    let first = std::env::var("CONV_SIM_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in first.unwrap_or(0)..seeds {
        match run(seed) {
            Err(broken) if is_it(&broken) => {
                println!("{seed} {broken:?}");
                return ExitCode::from(1);
            }
            _ => {}
        }
    }
    ExitCode::SUCCESS
}
