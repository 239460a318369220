//! Counts instructions of the work that is bound by the processor, against a committed baseline.
//!
//! A count hardly varies where a time does: the same build repeats it to a part of a thousand,
//! whatever else the machine does. valgrind counts; what it takes to prepare is subtracted.

mod baseline;
mod counted;

use std::process::{Command, ExitCode};

use self::{
    baseline::{Baseline, Verdict},
    counted::COUNTED,
};

pub use self::counted::repeat;

/// Compares all counts with the baseline, or makes them the baseline.
pub fn check(write: bool) -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: instructions are counted by valgrind, which is not installed");
        return ExitCode::SUCCESS;
    }
    let counts = COUNTED.iter().map(|counted| (counted.name.to_owned(), instructions(counted)));
    if write {
        Baseline::of(counts.collect()).save();
        return ExitCode::SUCCESS;
    }
    let baseline = Baseline::load();
    let mut code = ExitCode::SUCCESS;
    println!("| work | instructions a call | baseline | |\n| --- | ---: | ---: | --- |");
    for (name, count) in counts {
        let (before, verdict) = baseline.judge(&name, count);
        println!("| {name} | {count} | {before} | {} |", verdict.as_str());
        if verdict == Verdict::More && baseline.is_of_this_compiler() {
            code = ExitCode::FAILURE;
        }
    }
    if !baseline.is_of_this_compiler() {
        println!("\nnothing fails: the baseline is of {}", baseline.rustc);
    }
    code
}

/// Returns the instructions of one call, without its preparation.
fn instructions(counted: &counted::Counted) -> u64 {
    let [prepared, all] = [0, counted.calls].map(|calls| total(counted.name, calls));
    all.saturating_sub(prepared) / counted.calls as u64
}

/// Of a process that makes so many calls.
fn total(name: &str, calls: usize) -> u64 {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=cachegrind", "--cache-sim=no"]);
    valgrind.arg(format!("--cachegrind-out-file={}", file.path().display()));
    valgrind.arg(std::env::current_exe().unwrap()).args(["count", name, &calls.to_string()]);
    let output = valgrind.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(file.path()).unwrap();
    let summary = text.lines().find_map(|line| line.strip_prefix("summary: "));
    summary.unwrap().trim().parse().unwrap()
}
