//! An account of 500 conversations, pulled over loopback.

use conv_api::{Conversations, Durability, MemoryDatabase, RestSource};
use std::sync::Arc;
use tempfile::TempDir;

use super::Work;
use crate::{
    cloud::{Cloud, PLAN_LIMIT},
    contest::Contest,
    figure::Value,
    ours::{ACCOUNT, Kind, database, runtime},
    peers::Bare,
    settings::Settings,
    watch::{Cpu, Watch},
};

pub const FIRST: Work = Work {
    name: "pull-first",
    title: "the first pull, names and all",
    baseline: "the same calls, bare",
    sizes: &[500],
    run: first,
};

pub const AGAIN: Work = Work {
    name: "pull-again",
    title: "a pull that finds nothing new",
    baseline: "the same calls, bare",
    sizes: &[500],
    run: again,
};

const STORES: [(&str, Option<Kind>); 3] =
    [("conv, memory", None), ("conv, sled", Some(Kind::Sled)), ("conv, redb", Some(Kind::Redb))];

fn first(rows: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let cloud = Cloud::start(rows);
    let (runtime, bare) = (runtime(), Bare::new(&cloud.access));
    let source = Arc::new(cloud.source());
    let mut contest = Contest::new(Cpu::Process);
    for (name, kind) in STORES {
        let (source, runtime) = (Arc::clone(&source), &runtime);
        contest = contest.enter_timed(name, move |watch, _| {
            let (_folder, list) = runtime.block_on(empty(kind, &source));
            watch.time(|| runtime.block_on(list.sync())).unwrap();
            assert_eq!(list.snapshot().len(), rows);
            runtime.block_on(list.close()).unwrap();
        });
    }
    contest
        .enter("the same calls, bare", |_| assert_eq!(runtime.block_on(bare.pull()), rows))
        .enter("one call of reqwest", |_| runtime.block_on(bare.one_call()))
        .run(settings)
}

fn again(rows: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let cloud = Cloud::start(rows);
    let (runtime, bare) = (runtime(), Bare::new(&cloud.access));
    let source = Arc::new(cloud.source());
    let mut contest = Contest::new(Cpu::Process);
    for (name, kind) in STORES {
        let runtime = &runtime;
        let (folder, list) = runtime.block_on(empty(kind, &source));
        runtime.block_on(list.sync()).unwrap();
        contest = contest.enter_timed(name, move |watch: &mut Watch, _| {
            let _folder = &folder;
            watch.time(|| runtime.block_on(list.sync())).unwrap();
        });
    }
    contest
        .enter("the same calls, bare", |_| assert_eq!(runtime.block_on(bare.pull_again()), rows))
        .run(settings)
}

/// A list that knows nothing yet, and what its rows are kept in.
async fn empty(kind: Option<Kind>, source: &Arc<RestSource>) -> (TempDir, Conversations) {
    let folder = TempDir::new().unwrap();
    let builder = Conversations::builder(ACCOUNT).source(Arc::clone(source));
    let builder = builder.plan_limit(PLAN_LIMIT);
    let builder = match kind {
        Some(kind) => {
            builder.shared_database(database(kind, Durability::Process, folder.path()).await)
        }
        None => builder.shared_database(Arc::new(MemoryDatabase::new())),
    };
    (folder, builder.build().await.unwrap())
}
