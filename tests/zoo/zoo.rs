//! Runs the seeds of one kind of run against one kind of cursor, and stops at the first that
//! breaks a promise: `zoo <churn|chaos|hardship|refresh> <cursor kind> <promise|any> <seeds>`.
//!
//! Exits with 0 if none did, with 1 if one did; anything else is a mistake.

#[path = "../support"]
#[allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]
mod support {
    pub mod sim;
}

use std::{collections::BTreeSet, process::ExitCode};

use support::sim::{Broken, CursorKind, Failure, chaos, churn, hardship, refresh};

type Run = fn(u64, CursorKind) -> Result<(), Failure>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [run, kind, promise, seeds] = args.as_slice() else {
        eprintln!("usage: zoo <churn|chaos|hardship|refresh> <cursor kind> <promise|any> <seeds>");
        return ExitCode::from(2);
    };
    let run: Option<Run> = match run.as_str() {
        "churn" => Some(churn),
        "chaos" => Some(chaos),
        "hardship" => Some(hardship),
        "refresh" => Some(refresh),
        _ => None,
    };
    let kind = CursorKind::ALL.into_iter().find(|known| format!("{known:?}") == *kind);
    let (Some(run), Some(kind), Ok(seeds)) = (run, kind, seeds.parse::<u64>()) else {
        eprintln!("unknown run, cursor kind or number: {args:?}");
        return ExitCode::from(2);
    };
    let is_it = |broken: &BTreeSet<Broken>| {
        promise == "any" || broken.iter().any(|broken| format!("{broken:?}") == *promise)
    };
    for seed in 0..seeds {
        match run(seed, kind) {
            Err(failure) if is_it(&failure.broken) => {
                println!("{seed} {:?}", failure.broken);
                return ExitCode::from(1);
            }
            _ => {}
        }
    }
    ExitCode::SUCCESS
}
