//! Writes that last: a page of a pull, one update, ten at once.

use std::hint::black_box;

use conv_api::{
    Durability, PassStatus, Phase,
    model::{Delta, PassId, SyncScope, SyncStep},
};

use super::Work;
use crate::{
    contest::Contest,
    data::{Row, patch, touch, touched, which},
    figure::Value,
    ours::{Kind, Ours},
    peers::{Log, Safety, Threaded, record},
    settings::Settings,
    stage::{Stage, next_page},
    watch::{Cpu, Watch},
};

const TOGETHER: usize = 10;

const LEVELS: [(&str, Kind, Durability); 6] = [
    ("conv, sled WriteBehind", Kind::Sled, Durability::WriteBehind),
    ("conv, sled Process", Kind::Sled, Durability::Process),
    ("conv, sled Disk", Kind::Sled, Durability::Disk),
    ("conv, redb WriteBehind", Kind::Redb, Durability::WriteBehind),
    ("conv, redb Process", Kind::Redb, Durability::Process),
    ("conv, redb Disk", Kind::Redb, Durability::Disk),
];

pub const PAGE_COMMIT: Work = Work {
    name: "commit-page",
    title: "a page of 100 is stored",
    baseline: "sled, apply_batch + flush",
    sizes: &[500, 10_000, 100_000],
    run: page,
};

pub const UPDATE: Work = Work {
    name: "commit-one",
    title: "one update is stored",
    baseline: "sled, insert + flush",
    sizes: &[500, 10_000, 100_000],
    run: one,
};

pub const GROUP: Work = Work {
    name: "commit-ten",
    title: "ten updates, asked for at once, are stored",
    baseline: "sled, ten inserts + flush",
    sizes: &[500, 10_000, 100_000],
    run: ten,
};

fn page(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let stage = Stage::of(count);
    let rows = &stage.rows;
    let mut contest = Contest::new(Cpu::Process);
    contest = contest.enter_timed("conv, memory", on(stage.in_memory(), rows));
    for (name, kind, durability) in LEVELS {
        contest = contest.enter_timed(name, on(stage.ours(kind, durability), rows));
    }
    let [raw, four] = [stage.raw(), stage.raw()];
    let threaded = Threaded::new(stage.raw());
    let (normal, full) = (stage.sqlite(Safety::Normal), stage.sqlite(Safety::Full));
    let mut log = Log::create(&stage.folder());
    contest
        .enter_timed("sled, apply_batch + flush", |watch, round| {
            let rows = next_page(rows, round);
            watch.time(|| raw.page(&rows));
        })
        .enter_timed("the same, on a thread", |watch, round| {
            let rows = next_page(rows, round);
            watch.time(|| threaded.run(move |raw| raw.page(&rows)));
        })
        .enter_timed("sled, transaction of four trees", |watch, round| {
            let rows = next_page(rows, round);
            watch.time(|| four.four_trees(&rows));
        })
        .enter_timed("SQLite NORMAL", |watch, round| {
            let rows = next_page(rows, round);
            watch.time(|| normal.put_all(&rows));
        })
        .enter_timed("SQLite FULL", |watch, round| {
            let rows = next_page(rows, round);
            watch.time(|| full.put_all(&rows));
        })
        .enter_timed("log, one fdatasync", |watch, round| {
            let bytes = bytes(&next_page(rows, round));
            watch.time(|| log.append(&bytes));
        })
        .enter_timed("memcpy of the records", |watch, round| {
            let bytes = bytes(&next_page(rows, round));
            watch.time(|| black_box(bytes.clone()));
        })
        .run(settings)
}

/// A page as a pass hands it over, and how the store takes it.
fn on(ours: Ours, rows: &[Row]) -> impl FnMut(&mut Watch, usize) {
    let pass = PassId::new(1);
    let begin = SyncStep::Begin { scope: SyncScope::new(500, 1), resume: false };
    ours.apply(Delta::step(pass, begin));
    move |watch, round| {
        let mut delta = Delta::listed(next_page(rows, round).iter().map(|row| patch(row)));
        delta.pass = Some(pass);
        delta.step = Some(SyncStep::Page {
            status: PassStatus::running(Phase::Listing, round as u32, None),
            checkpoint: None,
            skipped: Vec::new(),
            broken: Vec::new(),
        });
        watch.time(|| ours.apply(delta));
    }
}

fn one(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let stage = Stage::of(count);
    let rows = &stage.rows;
    let mut contest = Contest::new(Cpu::Process);
    for (name, kind, durability) in LEVELS {
        let ours = stage.ours(kind, durability);
        contest = contest.enter_timed(name, move |watch, round| {
            let delta = Delta::listed([touch(&rows[which(round, count)], round)]);
            watch.time(|| ours.apply(delta));
        });
    }
    let raw = stage.raw();
    let threaded = Threaded::new(stage.raw());
    let (normal, full) = (stage.sqlite(Safety::Normal), stage.sqlite(Safety::Full));
    let mut log = Log::create(&stage.folder());
    contest
        .enter_timed("sled, insert + flush", |watch, round| {
            let row = next(rows, round);
            watch.time(|| {
                raw.put(&row);
                raw.flush();
            });
        })
        .enter_timed("the same, on a thread", |watch, round| {
            let row = next(rows, round);
            watch.time(|| {
                threaded.run(move |raw| {
                    raw.put(&row);
                    raw.flush();
                });
            });
        })
        .enter_timed("SQLite NORMAL", |watch, round| {
            let row = next(rows, round);
            watch.time(|| normal.put(&row));
        })
        .enter_timed("SQLite FULL", |watch, round| {
            let row = next(rows, round);
            watch.time(|| full.put(&row));
        })
        .enter_timed("log, one fdatasync", |watch, round| {
            let bytes = record(&next(rows, round));
            watch.time(|| log.append(&bytes));
        })
        .run(settings)
}

fn ten(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let stage = Stage::of(count);
    let rows = &stage.rows;
    let mut contest = Contest::new(Cpu::Process);
    for (name, kind, durability) in LEVELS {
        let ours = stage.ours(kind, durability);
        contest = contest.enter_timed(name, move |watch, round| {
            let updates = numbers(round).map(|round| touch(&rows[which(round, count)], round));
            let deltas: Vec<_> = updates.map(|patch| Delta::listed([patch])).collect();
            watch.time(|| at_once(&ours, deltas));
        });
    }
    let raw = stage.raw();
    let normal = stage.sqlite(Safety::Normal);
    contest
        .enter_timed("sled, ten inserts + flush", |watch, round| {
            let rows: Vec<_> = numbers(round).map(|round| next(rows, round)).collect();
            watch.time(|| {
                rows.iter().for_each(|row| raw.put(row));
                raw.flush();
            });
        })
        .enter_timed("SQLite NORMAL, one transaction", |watch, round| {
            let rows: Vec<_> = numbers(round).map(|round| next(rows, round)).collect();
            watch.time(|| normal.put_all(&rows));
        })
        .run(settings)
}

/// Ten callers that know nothing of each other.
fn at_once(ours: &Ours, deltas: Vec<Delta>) {
    ours.runtime.block_on(async {
        let apply = |delta| {
            let store = ours.store();
            tokio::spawn(async move { store.apply(delta).await })
        };
        let tasks: Vec<_> = deltas.into_iter().map(apply).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
}

fn numbers(round: usize) -> impl Iterator<Item = usize> {
    round * TOGETHER..(round + 1) * TOGETHER
}

fn next(rows: &[Row], round: usize) -> Row {
    touched(&rows[which(round, rows.len())], round)
}

fn bytes(rows: &[Row]) -> Vec<u8> {
    rows.iter().flat_map(|row| record(row).to_vec()).collect()
}
