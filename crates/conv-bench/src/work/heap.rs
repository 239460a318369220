//! The heap of a conversation, and of an idle account.

use std::{any::Any, process::Command};

use conv_api::{Durability, Snapshot, model::SyncState};
use tempfile::TempDir;

use super::{Work, outbox};
use crate::{
    data::{self, Row},
    figure::Value,
    hosted,
    ours::{Kind, Ours, PAGE},
    peers::{Dash, PersistentList, Plain},
    settings::Settings,
};

pub const HEAP: Work = Work {
    name: "heap",
    title: "bytes of heap a conversation",
    baseline: "the rows alone",
    sizes: &[500, 10_000, 100_000],
    run: heap,
};

pub const IDLE: Work = Work {
    name: "idle",
    title: "bytes of heap an account, of 100 conversations each",
    baseline: ALONE,
    sizes: &[100],
    run: idle,
};

/// The holder of the rows; no other value refers to them.
type Holder = fn(Vec<Row>) -> Box<dyn Any>;

const HOLDERS: &[(&str, Holder)] = &[
    ("the rows alone", |rows| Box::new(rows)),
    ("conv, rows and indexes", |rows| Box::new(indexed(rows))),
    ("conv, store in memory", |rows| Box::new(Ours::in_memory(&rows))),
    ("conv, sled", |rows| on_disk(Kind::Sled, &rows)),
    ("conv, redb", |rows| on_disk(Kind::Redb, &rows)),
    ("BTreeMap and sets", |rows| Box::new(Plain::of(&rows))),
    ("imbl map", |rows| Box::new(PersistentList::of(&rows))),
    ("DashMap", |rows| Box::new(Dash::of(&rows))),
];

const IN_USE: &str = "conv, an account in use";
const ALONE: &str = "its rows and indexes alone";
const EVICTED: &str = "conv, an evicted account";

pub const FIRST_CHANGE: &str = "conv, the first change of a row";
const FURTHER_CHANGE: &str = "conv, a further change of it";

pub fn pending(rows: usize, _: &Settings) -> Vec<(&'static str, Value)> {
    in_children([FIRST_CHANGE, FURTHER_CHANGE].into_iter(), rows)
}

fn heap(rows: usize, _: &Settings) -> Vec<(&'static str, Value)> {
    in_children(HOLDERS.iter().map(|(name, _)| *name), rows)
}

fn idle(rows: usize, _: &Settings) -> Vec<(&'static str, Value)> {
    in_children([IN_USE, ALONE, EVICTED].into_iter(), rows)
}

/// The child: prints the bytes per row, or per account.
pub fn count(entrant: &str, rows: usize, live: &dyn Fn() -> usize) -> f64 {
    match entrant {
        IN_USE => hosted::heap(true, rows, live),
        ALONE => alone(rows, live),
        EVICTED => hosted::heap(false, rows, live),
        FIRST_CHANGE => changed(rows, live, false),
        FURTHER_CHANGE => changed(rows, live, true),
        holder => held(holder, rows, live),
    }
}

fn held(entrant: &str, rows: usize, live: &dyn Fn() -> usize) -> f64 {
    let (_, hold) = HOLDERS.iter().find(|(name, _)| *name == entrant).unwrap();
    let before = live();
    let held = hold(data::rows(rows));
    let bytes = live() - before;
    drop(held);
    bytes as f64 / rows as f64
}

/// Bytes that a pending change takes, one of each row: its first one, or a further one.
fn changed(rows: usize, live: &dyn Fn() -> usize, further: bool) -> f64 {
    let rows = data::rows(rows);
    let ours = Ours::in_memory(&rows);
    if further {
        outbox::accept(&ours, rows.iter().map(|row| outbox::custom_data(row, 1)));
    }
    let before = live();
    if further {
        outbox::accept(&ours, rows.iter().map(outbox::star));
    } else {
        outbox::accept(&ours, rows.iter().map(|row| outbox::custom_data(row, 1)));
    }
    (live() - before) as f64 / rows.len() as f64
}

/// Bytes that the lists of a hundred accounts take, of one.
fn alone(rows: usize, live: &dyn Fn() -> usize) -> f64 {
    let before = live();
    let lists: Vec<_> = (0..100).map(|_| indexed(data::rows(rows))).collect();
    (live() - before) as f64 / lists.len() as f64
}

fn indexed(rows: Vec<Row>) -> Snapshot {
    Snapshot::of([], SyncState::default()).with_rows(rows)
}

fn on_disk(kind: Kind, rows: &[Row]) -> Box<dyn Any> {
    let folder = TempDir::new().unwrap();
    let ours = Ours::open(kind, Durability::Process, folder.path());
    ours.fill(rows, PAGE);
    Box::new((ours, folder))
}

/// Cargo builds the binary that counts, unless it is built.
fn in_children(
    entrants: impl Iterator<Item = &'static str>,
    rows: usize,
) -> Vec<(&'static str, Value)> {
    let count = |entrant| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["run", "--quiet", "--package", "conv-bench", "--bin", "conv-bench-heap"]);
        cargo.args((!cfg!(debug_assertions)).then_some("--release"));
        cargo.args(["--", entrant, &rows.to_string()]).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bytes = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
        (entrant, Value::Bytes(bytes))
    };
    entrants.map(count).collect()
}
