//! A new message moves a row to the top, in memory, indexes included.

use std::sync::{Arc, Mutex, RwLock};

use arc_swap::ArcSwap;
use conv_api::{
    Snapshot,
    model::{Delta, SyncState},
};

use super::{GROWING, Work};
use crate::{
    contest::Contest,
    data::{self, Row, touch, touched, which},
    figure::Value,
    ours::Ours,
    peers::{Dash, Persistent, PersistentList, Plain, Sqlite},
    settings::Settings,
    watch::Cpu,
};

/// Updates that come at once.
const GROUP: usize = 64;

/// All that is published answers by ID and by filter, too.
const INDEXED: &str = "imbl maps with indexes";

pub const UPDATE: Work = Work {
    name: "update-memory",
    title: "one row moves to the top, in memory",
    baseline: "imbl map in ArcSwap",
    sizes: GROWING,
    run: one,
};

pub const BULK: Work = Work {
    name: "update-bulk",
    title: "64 rows move to the top, in memory",
    baseline: "locked maps",
    sizes: GROWING,
    run: bulk,
};

fn one(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let ours = Ours::in_memory(&rows);
    let [published, held] = [(); 2].map(|()| Mutex::new(snapshot(&rows)));
    let [list, list_held] = [(); 2].map(|()| ArcSwap::from_pointee(PersistentList::of(&rows)));
    let maps = ArcSwap::from_pointee(Persistent::of(&rows));
    let plain = RwLock::new(Plain::of(&rows));
    let (dash, sqlite) = (Dash::of(&rows), Sqlite::in_memory(&rows));
    let [
        mut of_snapshot,
        mut of_held,
        mut of_imbl,
        mut of_imbl_held,
        mut of_maps,
        mut of_plain,
        mut of_dash,
        mut of_sqlite,
    ] = std::array::from_fn(|_| Newest::of(&rows));
    Contest::new(Cpu::Thread)
        .enter("conv, snapshot", |round| {
            let (_, row) = of_snapshot.touch(round);
            published.lock().unwrap().set_rows([row]);
        })
        .enter("conv, snapshot, the former held", |round| {
            let (_, row) = of_held.touch(round);
            let former = held.lock().unwrap().clone();
            held.lock().unwrap().set_rows([row]);
            former
        })
        .enter("conv, store in memory", |round| {
            ours.apply(Delta::listed([touch(&rows[which(round, count)], round)]))
        })
        .enter("imbl map in ArcSwap", |round| {
            let (old, row) = of_imbl.touch(round);
            list.store(Arc::new(list.load().with(&old, row)));
        })
        .enter("imbl map, the former held", |round| {
            let (old, row) = of_imbl_held.touch(round);
            let former = list_held.load_full();
            list_held.store(Arc::new(former.with(&old, row)));
            former
        })
        .enter(INDEXED, |round| {
            let (_, row) = of_maps.touch(round);
            maps.store(Arc::new(maps.load().with(row)));
        })
        .enter("locked maps", |round| plain.write().unwrap().set(of_plain.touch(round).1))
        .enter("DashMap", |round| dash.set(of_dash.touch(round).1))
        .enter("SQLite, in memory", |round| sqlite.put(&of_sqlite.touch(round).1))
        .run(settings)
}

fn bulk(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let ours = Ours::in_memory(&rows);
    let published = Mutex::new(snapshot(&rows));
    let plain = RwLock::new(Plain::of(&rows));
    let sqlite = Sqlite::in_memory(&rows);
    let [mut of_snapshot, mut of_plain, mut of_sqlite] = std::array::from_fn(|_| Newest::of(&rows));
    let group = |round: usize| (0..GROUP).map(move |at| round * GROUP + at);
    Contest::new(Cpu::Thread)
        .enter("conv, snapshot", |round| {
            let group = group(round).map(|round| of_snapshot.touch(round).1);
            published.lock().unwrap().set_rows(group);
        })
        .enter("conv, store in memory", |round| {
            let group = group(round).map(|round| touch(&rows[which(round, count)], round));
            ours.apply(Delta::listed(group))
        })
        .enter("locked maps", |round| {
            group(round).for_each(|round| plain.write().unwrap().set(of_plain.touch(round).1));
        })
        .enter("SQLite, in memory", |round| {
            let group: Vec<_> = group(round).map(|round| of_sqlite.touch(round).1).collect();
            sqlite.put_all(&group);
        })
        .run(settings)
}

/// Returns the snapshot of a list of its own, so that it has no other reader.
fn snapshot(rows: &[Row]) -> Snapshot {
    Snapshot::of([], SyncState::default()).with_rows(rows.iter().cloned())
}

/// The last value that an entrant got of each row.
struct Newest(Vec<Row>);

impl Newest {
    fn of(rows: &[Row]) -> Self {
        Self(rows.to_vec())
    }

    /// The row of a round, before and after its message.
    fn touch(&mut self, round: usize) -> (Row, Row) {
        let at = which(round, self.0.len());
        let row = touched(&self.0[at], round);
        (std::mem::replace(&mut self.0[at], Arc::clone(&row)), row)
    }
}
