//! conv's store on disk beside that of the Matrix SDK, in turn: opened and loaded, and a page stored.
//!
//! `cargo run --release` here prints one figure a line as JSON; with `> figures.json` beside this
//! package, `conv-bench` takes them into its tables.

// A measurement that goes wrong has to stop, and loudly.
#![allow(missing_docs, dead_code, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../../src/contest.rs"]
mod contest;
#[path = "../../src/data.rs"]
mod data;
#[path = "../../src/figure.rs"]
mod figure;
mod matrix;
#[path = "../../src/neighbours.rs"]
mod neighbours;
mod settings;
#[path = "../../src/watch.rs"]
mod watch;

use std::path::Path;

use conv_api::{AccountId, ConversationStore, IndexedStore, SledStore, model::Delta};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use self::{
    contest::Contest, data::patch, figure::Figure, matrix::Matrix, settings::Settings, watch::Cpu,
};

const PAGE: usize = 100;

fn main() {
    let settings = Settings::default();
    for rows in [500, 10_000] {
        for (entrant, value) in open(rows, &settings) {
            say("open-matrix", rows, entrant, value);
        }
        for (entrant, value) in page(rows, &settings) {
            say("commit-matrix", rows, entrant, value);
        }
    }
}

fn say(work: &str, rows: usize, entrant: &str, value: figure::Value) {
    let figure = Figure { work: work.into(), rows, entrant: entrant.into(), value };
    println!("{}", serde_json::to_string(&figure).unwrap());
}

fn open(rows: usize, settings: &Settings) -> Vec<(&'static str, figure::Value)> {
    let runtime = runtime();
    // Connections are dropped by tasks.
    let _context = runtime.enter();
    let [ours, theirs] = [(); 2].map(|()| TempDir::new().unwrap());
    {
        let store = runtime.block_on(sled(ours.path()));
        let matrix = runtime.block_on(Matrix::open(theirs.path()));
        let all = data::rows(rows);
        for (number, rows) in all.chunks(PAGE).enumerate() {
            let delta = Delta::listed(rows.iter().map(|row| patch(row)));
            runtime.block_on(store.apply(delta)).unwrap();
            runtime.block_on(matrix.save(number * PAGE, rows));
        }
        runtime.block_on(store.close()).unwrap();
    }
    Contest::new(Cpu::Process)
        .enter_timed("conv, sled", |watch, _| {
            let store = watch.time(|| runtime.block_on(sled(ours.path())));
            assert_eq!(store.snapshot().len(), rows);
            runtime.block_on(store.close()).unwrap();
        })
        .enter_timed("matrix-sdk-sqlite", |watch, _| {
            let load = async {
                let matrix = Matrix::open(theirs.path()).await;
                let infos = matrix.load().await;
                (matrix, infos)
            };
            let (_matrix, infos) = watch.time(|| runtime.block_on(load));
            assert_eq!(infos, rows);
        })
        .run(settings)
}

fn page(rows: usize, settings: &Settings) -> Vec<(&'static str, figure::Value)> {
    let runtime = runtime();
    // Connections are dropped by tasks.
    let _context = runtime.enter();
    let [ours, theirs] = [(); 2].map(|()| TempDir::new().unwrap());
    let store = runtime.block_on(sled(ours.path()));
    let matrix = runtime.block_on(Matrix::open(theirs.path()));
    let all = data::rows(rows);
    let next = |round: usize| {
        let first = round * PAGE % rows;
        let page = &all[first..rows.min(first + PAGE)];
        (first, page.iter().map(|row| data::touched(row, round)).collect::<Vec<_>>())
    };
    Contest::new(Cpu::Process)
        .enter_timed("conv, sled", |watch, round| {
            let delta = Delta::listed(next(round).1.iter().map(|row| patch(row)));
            watch.time(|| runtime.block_on(store.apply(delta))).unwrap();
        })
        .enter_timed("matrix-sdk-sqlite", |watch, round| {
            let (first, page) = next(round);
            watch.time(|| runtime.block_on(matrix.save(first, &page)));
        })
        .run(settings)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn sled(folder: &Path) -> IndexedStore {
    let account: AccountId = "user_0001".parse().unwrap();
    SledStore::open(folder, &account).await.unwrap()
}
