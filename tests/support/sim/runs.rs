//! Kinds of runs: one seed each, from the first call to the verdict.

use std::{collections::BTreeSet, future::Future};

use super::{cloud::Weather, paging::CursorKind, run::Sim, witness::Broken};

/// The promise that a seed broke.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub kind: CursorKind,
    pub broken: BTreeSet<Broken>,
}

/// One change of the cloud before and after every call, no faults: S, S2 and the bound.
pub fn churn(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        if sim.rng.bool() {
            sim.pass(None).await;
        }
        sim.cloud.lock().weather = Weather { changes: 50, ..Weather::default() };
        sim.pass(None).await;
        sim.check_bound();
        sim.quiet().await;
        sim.broken
    })
}

/// Calls that fail again and again, each of them but a few times in a row, and a signature that
/// expires all the time: one pass completes all the same, however long it takes.
pub fn hardship(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        sim.reads_unread = sim.rng.bool();
        let faults = sim.rng.u8(20..=90);
        sim.cloud.lock().weather = Weather { faults, relents: true, ..Weather::default() };
        sim.pass(None).await;
        sim.check_exact();
        sim.broken
    })
}

/// A complete list, a few changes of which others hear or not, and a pass under changes: what a
/// shortcut would lose that trusts the list which was complete before.
pub fn refresh(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        if sim.rng.bool() {
            sim.cloud.lock().weather = Weather { changes: 20, ..Weather::default() };
        }
        sim.pass(None).await;
        // `churn` judges what that pass broke.
        sim.broken.clear();
        let heard = sim.rng.u8(0..=100);
        for _ in 0..sim.rng.usize(0..5) {
            sim.others_hear(heard).await;
        }
        let changes = sim.rng.u8(1..60);
        sim.cloud.lock().weather = Weather { changes, ..Weather::default() };
        sim.pass(None).await;
        sim.broken
    })
}

/// Faults, outages, changes, crashes, lost acknowledgements, other writers and drafts; then a quiet
/// pass: C, and all that must hold on the way.
pub fn chaos(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        sim.reads_unread = sim.rng.bool();
        for _ in 0..sim.rng.usize(1..=4) {
            sim.set_weather();
            let crash = sim.rng.bool().then(|| sim.rng.usize(0..25));
            // Changes tell nothing of rows that others changed here alone.
            sim.others = kind != CursorKind::Mirrored;
            sim.pass(crash).await;
            if crash.is_some() {
                sim.reopen().await;
            }
        }
        sim.others = false;
        sim.quiet().await;
        sim.broken
    })
}

/// Chaos for a device of a source that keeps the list itself, beside another device that writes
/// through it. At times the source has but a part of its own cloud's list, and says so.
pub fn devices(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        sim.devices = true;
        for _ in 0..sim.rng.usize(1..=4) {
            sim.set_weather();
            sim.cloud.lock().is_partial = sim.rng.u8(..3) == 0;
            let crash = sim.rng.bool().then(|| sim.rng.usize(0..25));
            sim.pass(crash).await;
            if crash.is_some() {
                sim.reopen().await;
            }
        }
        sim.devices = false;
        sim.cloud.lock().is_partial = false;
        sim.quiet().await;
        sim.broken
    })
}

fn judge(
    seed: u64,
    kind: CursorKind,
    run: impl Future<Output = BTreeSet<Broken>>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let broken = runtime.block_on(run);
    if broken.is_empty() { Ok(()) } else { Err(Failure { seed, kind, broken }) }
}
