//! Bytes that a database hands to the system, and the room that it takes on disk.

use std::{fs, path::Path, process::Command};

use conv_api::{Durability, model::Delta};

use super::Work;
use crate::{
    data::{Row, patch, touch, touched, which},
    figure::Value,
    ours::{Kind, Ours, PAGE},
    peers::{Log, RawSled, Safety, Sqlite, record},
    stage::{Stage, next_page},
};

pub const PAGE_BYTES: Work = Work {
    name: "written-page",
    title: "bytes written for a page of 100",
    baseline: "log of the records",
    sizes: &[500, 10_000],
    run: |rows, _| in_children("page", rows),
};

pub const ONE_BYTES: Work = Work {
    name: "written-one",
    title: "bytes written for one update",
    baseline: "log of the records",
    sizes: &[500, 10_000],
    run: |rows, _| in_children("one", rows),
};

pub const ROOM: Work = Work {
    name: "room",
    title: "bytes on disk a conversation, after 50 pages and 500 updates",
    baseline: "log of the records",
    sizes: &[500, 10_000],
    run: |rows, _| in_children("room", rows),
};

const ENTRANTS: [&str; 5] = [
    "conv, sled Process",
    "conv, redb Process",
    "sled alone",
    "SQLite NORMAL",
    "log of the records",
];
const PAGES: usize = 50;
const UPDATES: usize = 500;

/// A process for each, so that none writes on another's account. Nothing where the system does not
/// tell what a process wrote.
fn in_children(what: &str, rows: usize) -> Vec<(&'static str, Value)> {
    let measure = |entrant| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["written", entrant, what, &rows.to_string()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bytes = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
        Some((entrant, Value::Bytes(bytes)))
    };
    ENTRANTS.into_iter().filter_map(measure).collect()
}

/// The child: prints what it measured, if it can.
pub fn measure(entrant: &str, what: &str, rows: usize) {
    let stage = Stage::of(rows);
    let folder = stage.folder();
    let mut store = Store::open(entrant, &folder);
    stage.rows.chunks(PAGE).for_each(|rows| store.page(rows));

    let begun = written();
    for round in 0..PAGES {
        store.page(&next_page(&stage.rows, round));
    }
    let paged = written();
    for round in PAGES..PAGES + UPDATES {
        store.one(&stage.rows[which(round, rows)], round);
    }
    let updated = written();
    store.close();
    let bytes = match what {
        "page" => begun.zip(paged).map(|(from, to)| (to - from) / PAGES as f64),
        "one" => paged.zip(updated).map(|(from, to)| (to - from) / UPDATES as f64),
        _ => Some(size(&folder) / rows as f64),
    };
    if let Some(bytes) = bytes {
        println!("{bytes}");
    }
}

enum Store {
    Conv(Ours),
    Sled(RawSled),
    Sqlite(Sqlite),
    Log(Log),
}

impl Store {
    fn open(entrant: &str, folder: &Path) -> Self {
        match entrant {
            "conv, sled Process" => Self::Conv(Ours::open(Kind::Sled, Durability::Process, folder)),
            "conv, redb Process" => Self::Conv(Ours::open(Kind::Redb, Durability::Process, folder)),
            "sled alone" => Self::Sled(RawSled::open(folder)),
            "SQLite NORMAL" => Self::Sqlite(Sqlite::open(folder, Safety::Normal)),
            _ => Self::Log(Log::create(folder)),
        }
    }

    fn page(&mut self, rows: &[Row]) {
        match self {
            Self::Conv(ours) => drop(ours.apply(Delta::listed(rows.iter().map(|row| patch(row))))),
            Self::Sled(sled) => sled.page(rows),
            Self::Sqlite(sqlite) => sqlite.put_all(rows),
            Self::Log(log) => {
                let records: Vec<u8> = rows.iter().flat_map(|row| record(row).to_vec()).collect();
                log.append(&records);
            }
        }
    }

    fn one(&mut self, row: &Row, round: usize) {
        match self {
            Self::Conv(ours) => drop(ours.apply(Delta::listed([touch(row, round)]))),
            Self::Sled(sled) => {
                sled.put(&touched(row, round));
                sled.flush();
            }
            Self::Sqlite(sqlite) => sqlite.put(&touched(row, round)),
            Self::Log(log) => log.append(&record(&touched(row, round))),
        }
    }

    fn close(self) {
        if let Self::Conv(ours) = self {
            ours.close();
        }
    }
}

/// Returns the bytes that this process has written so far; Linux reports it in a file.
fn written() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
}

fn size(path: &Path) -> f64 {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let size = |path: std::path::PathBuf| {
        if path.is_dir() { size(&path) } else { path.metadata().unwrap().len() as f64 }
    };
    entries.map(size).sum()
}
