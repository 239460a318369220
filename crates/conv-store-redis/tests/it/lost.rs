//! Writes that a server loses because it replicates after it answered: they are found missing, and
//! a pass fetches them.

use std::{sync::Arc, time::Duration};

use conv_api::{All, Conversations, LiveChange, testing::ScriptedSource};
use conv_model::{AccountId, ConversationId, Coverage, Delta, Local, PassId, Prune, Seq};
use conv_store::{
    ConversationDatabase, ConversationStore, Engine, Record, StoreError, Write, record::LocalRecord,
};
use conv_store_redis::{
    RedisDatabase,
    testing::{self, NodeOptions, TestCluster, TestNode},
};

use crate::support::{at, begin, finish, page, soon, until, user};

/// A server that can be put back to what it held before.
struct Forgetful(TestNode);

impl Forgetful {
    fn start() -> Option<Self> {
        testing::is_there().then(|| Self(TestNode::start(NodeOptions::default()).unwrap()))
    }

    async fn store(&self) -> Arc<dyn ConversationStore> {
        let options = RedisDatabase::options().check_every(Duration::from_millis(50));
        let database = options.open([self.0.url()]).await.unwrap();
        database.account(&"a".parse().unwrap()).await.unwrap()
    }

    /// A list of twelve rows, pulled.
    async fn list(&self) -> Conversations {
        let options = RedisDatabase::options().check_every(Duration::from_millis(50));
        let database = options.open([self.0.url()]).await.unwrap();
        let list = Conversations::builder("a").database(database);
        let list = list.source(ScriptedSource::with_rows(12)).build().await.unwrap();
        soon(list.sync()).await.unwrap();
        list
    }

    fn remember(&self) {
        for key in KEYS {
            self.0.call::<i64>(&["COPY", key, &format!("copy {key}"), "REPLACE"]).unwrap();
        }
    }

    fn forget(&self) {
        for key in KEYS {
            self.0.call::<i64>(&["COPY", &format!("copy {key}"), key, "REPLACE"]).unwrap();
        }
    }

    /// So many writers write once each, one after another, after what is there.
    async fn many_write(&self, database: &RedisDatabase, writers: u64) {
        let account: AccountId = "a".parse().unwrap();
        let mut last = database.engine(&account).load().await.unwrap().seq;
        for writer in 0..writers {
            let mut write = Write::new(last, last.next());
            last = last.next();
            let text = format!("{writer} of {writers}");
            let record = LocalRecord::new(Local::draft(text)).encode(last).unwrap();
            write.put.push((Record::Local(user("notes")), record));
            database.engine(&account).commit(&[write]).await.unwrap();
        }
    }
}

const KEYS: [&str; 2] = ["conv:{a}:rows", "conv:{a}:writers"];

#[tokio::test]
async fn a_pass_whose_rows_are_gone_is_superseded_and_never_complete() {
    let Some(server) = Forgetful::start() else { return };
    let store = server.store().await;
    store.apply(begin(1)).await.unwrap();
    server.remember();
    store.apply(page(1, [at("alice", 1)])).await.unwrap();
    server.forget();
    let late = store.apply(finish(1)).await;
    assert!(matches!(late, Err(StoreError::Superseded(_))), "{late:?}");
    assert!(store.snapshot().is_empty());
    let next = store.snapshot().sync().pass.next();
    assert!(next > PassId::new(2), "{next:?}");
    store.apply(begin(next.as_u64())).await.unwrap();
    store.apply(page(next.as_u64(), [at("alice", 1)])).await.unwrap();
    store.apply(finish(next.as_u64())).await.unwrap();
    assert_eq!(store.snapshot().report().coverage, Coverage::Complete);
}

#[tokio::test]
async fn a_pass_whose_rows_are_gone_is_superseded_though_others_bear_its_numbers() {
    let Some(server) = Forgetful::start() else { return };
    let store = server.store().await;
    store.apply(begin(1)).await.unwrap();
    server.remember();
    store.apply(page(1, [at("alice", 1)])).await.unwrap();
    server.forget();
    let other = server.store().await;
    for name in ["bob", "carol", "dora"] {
        other.apply(Delta::listed([at(name, 1)])).await.unwrap();
    }
    let late = store.apply(finish(1)).await;
    assert!(matches!(late, Err(StoreError::Superseded(_))), "{late:?}");
    assert!(store.snapshot().get(&user("alice")).is_none());
}

#[tokio::test]
async fn a_list_that_lost_rows_is_a_preview_until_the_next_pass() {
    let Some(server) = Forgetful::start() else { return };
    let store = server.store().await;
    store.apply(begin(1)).await.unwrap();
    store.apply(finish(1)).await.unwrap();
    server.remember();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(store.snapshot().report().coverage, Coverage::Complete);
    server.forget();
    // The loss is not announced: the process looks for it.
    let after = until(&*store, |snapshot| snapshot.is_empty()).await;
    assert_ne!(after.report().coverage, Coverage::Complete);
}

#[tokio::test]
async fn readers_of_an_emptied_server_are_reset_though_nothing_was_written() {
    let Some(server) = Forgetful::start() else { return };
    let list = server.list().await;
    let mut live = list.subscribe(All).window(5);
    let (first, mut rows) = (soon(live.next()).await.unwrap(), Vec::new());
    first.apply(&mut rows).unwrap();
    let old = first.position.unwrap();
    server.0.call::<()>(&["FLUSHALL"]).unwrap();
    // A connected reader has the steps.
    let update = soon(live.next()).await.unwrap();
    update.apply(&mut rows).unwrap();
    assert!(rows.is_empty() && update.position.is_none(), "{update:?}");
    for is_pulled in [false, true] {
        if is_pulled {
            soon(list.sync()).await.unwrap();
            assert_ne!(list.snapshot().position().unwrap().epoch, old.epoch);
        }
        let update = soon(list.subscribe(All).window(5).resume(old).next()).await.unwrap();
        assert!(matches!(update.change, LiveChange::Reset { .. }), "{is_pulled}: {update:?}");
    }
}

#[tokio::test]
async fn readers_of_an_emptied_server_are_reset_though_another_process_filled_it() {
    let Some(server) = Forgetful::start() else { return };
    let list = server.list().await;
    let mut live = list.subscribe(All).window(5);
    let old = soon(live.next()).await.unwrap().position.unwrap();
    server.0.call::<()>(&["FLUSHALL"]).unwrap();
    let other = server.list().await;
    let new = other.snapshot().position().unwrap();
    let row = other.snapshot().rows().next().unwrap().id.clone();
    other.set_draft(&row, "later").await.unwrap();
    let update = soon(async {
        loop {
            let update = live.next().await.unwrap();
            if update.position.is_some_and(|position| position.epoch == new.epoch) {
                return update;
            }
        }
    });
    update.await;
    let shown = list.snapshot().get(&row).unwrap();
    assert_eq!(shown.local.draft_text().map(|text| &**text), Some("later"));
    let update = soon(list.subscribe(All).window(5).resume(old).next()).await.unwrap();
    assert!(matches!(update.change, LiveChange::Reset { .. }), "{update:?}");
}

#[tokio::test]
async fn a_write_of_the_same_number_as_a_lost_one_is_seen() {
    let Some(server) = Forgetful::start() else { return };
    let (a, b) = (server.store().await, server.store().await);
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    server.remember();
    a.apply(Delta::listed([at("bob", 1)])).await.unwrap();
    until(&*b, |snapshot| snapshot.len() == 2).await;
    server.forget();
    let c = server.store().await;
    c.apply(Delta::listed([at("carol", 1)])).await.unwrap();
    let shows = |snapshot: &conv_store::Snapshot| {
        snapshot.get(&user("carol")).is_some() && snapshot.get(&user("bob")).is_none()
    };
    until(&*a, shows).await;
    until(&*b, shows).await;
}

#[tokio::test]
async fn however_many_others_write_a_pass_goes_on_and_nothing_counts_as_lost() {
    let Some(server) = Forgetful::start() else { return };
    let (store, quiet) = (server.store().await, server.store().await);
    // One that looks for itself only when it writes.
    let options = RedisDatabase::options().check_every(Duration::from_secs(24 * 3600));
    let others = options.open([server.0.url()]).await.unwrap();
    for (at_pass, writers) in [17, 100, 1_000].into_iter().enumerate() {
        let pass = at_pass as u64 + 1;
        store.apply(begin(pass)).await.unwrap();
        store.apply(page(pass, [at("alice", pass)])).await.unwrap();
        server.many_write(&others, writers).await;
        store.apply(page(pass, [at("bob", pass)])).await.unwrap();
        server.many_write(&others, writers).await;
        store.apply(finish(pass)).await.unwrap();
        assert_eq!(store.snapshot().report().coverage, Coverage::Complete, "{writers} writers");
        until(&*quiet, |snapshot| snapshot.report().coverage == Coverage::Complete).await;
        assert_eq!(store.snapshot().sync().pass, PassId::new(pass), "superseded by {writers}");
    }
    assert_eq!(others.stats().lost, 0);
}

#[tokio::test]
async fn however_many_others_wrote_since_what_is_lost_is_found() {
    let Some(server) = Forgetful::start() else { return };
    let database = RedisDatabase::options()
        .check_every(Duration::from_secs(24 * 3600))
        .open([server.0.url()])
        .await
        .unwrap();
    let account: AccountId = "a".parse().unwrap();
    for writers in [1, 17, 100, 1_000] {
        server.many_write(&database, 1).await;
        server.remember();
        let (writer, reader) = (database.engine(&account), database.engine(&account));
        let last = writer.load().await.unwrap().seq;
        writer.commit(&[Write::new(last, last.next())]).await.unwrap();
        assert!(!reader.load().await.unwrap().lost);
        server.forget();
        server.many_write(&database, writers).await;
        for engine in [&writer, &reader] {
            assert!(engine.load().await.unwrap().lost, "{writers} writers");
            assert!(!engine.load().await.unwrap().lost, "it is said once");
        }
    }
}

#[tokio::test]
async fn writers_that_went_away_are_forgotten() {
    let Some(server) = Forgetful::start() else { return };
    let database = RedisDatabase::open([server.0.url()]).await.unwrap();
    let account: AccountId = "a".parse().unwrap();
    let early = database.engine(&account);
    early.commit(&[Write::new(Seq::default(), Seq::new(1))]).await.unwrap();
    let late = database.engine(&account);
    server.many_write(&database, 1_000).await;
    assert!(!late.load().await.unwrap().lost);
    server.many_write(&database, 1_500).await;
    let kept: u64 = server.0.call(&["HLEN", "conv:{a}:writers"]).unwrap();
    assert!(kept < 1_300, "{kept} writers");
    // It is not known if their writes are still there, and that is not a loss.
    assert!(!early.load().await.unwrap().lost && !late.load().await.unwrap().lost);
    let head: u64 = server.0.call(&["HSTRLEN", "conv:{a}:rows", "head"]).unwrap();
    assert!(head < 60, "a head of {head} bytes");
}

/// The number of times that a master is killed, unless the environment variable `CONV_REDIS_KILLS`
/// sets it.
const KILLS: usize = 2;

const ROWS: u64 = 60;
const IN_A_PAGE: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_killed_in_the_midst_of_a_pass_leaves_nothing_half_and_no_false_complete() {
    if !testing::is_there() {
        return;
    }
    let kills = std::env::var("CONV_REDIS_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let mut cluster = TestCluster::start(3, 1).unwrap();
    let database = RedisDatabase::options()
        .answer_within(Duration::from_secs(1))
        .open(cluster.urls())
        .await
        .unwrap();
    let account: AccountId = "killed".parse().unwrap();
    let store = database.account(&account).await.unwrap();
    for kill in 0..kills {
        let pulling = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..3 {
                    pull_until_complete(&*store).await;
                }
            })
        };
        let pages = (kill as u64 * 5) % 21;
        let since = store.snapshot().seq();
        until(&*store, |snapshot| snapshot.seq().as_u64() > since.as_u64() + pages).await;
        cluster = tokio::task::spawn_blocking(move || fail_over(cluster)).await.unwrap();
        soon(pulling).await.unwrap();
        // The rows of a complete list are there.
        let loaded = soon(until_loaded(&database, &account)).await;
        if store.snapshot().report().is_sync_completed() {
            assert_eq!(loaded, ROWS as usize, "after kill {kill}");
        }
    }
    pull_until_complete(&*store).await;
    assert_eq!(until_loaded(&database, &account).await, ROWS as usize);
}

/// Kills the account's master, waits until its replica took over, and starts it again.
fn fail_over(mut cluster: TestCluster) -> TestCluster {
    let key = "conv:{killed}:rows";
    let master = cluster.master_of(key).unwrap();
    cluster.nodes[master].kill();
    cluster.until("the replica took over", |_| Ok(cluster.master_of(key)? != master)).unwrap();
    cluster.nodes[master].restart().unwrap();
    cluster
        .until("all nodes agree", |node| {
            let info: String = node.call(&["CLUSTER", "INFO"])?;
            let replication: String = node.call(&["INFO", "replication"])?;
            let has_replica =
                replication.contains("role:slave") || replication.contains("connected_slaves:1");
            let is_linked = !replication.contains("master_link_status:down");
            Ok(info.contains("cluster_state:ok") && is_linked && has_replica)
        })
        .unwrap();
    cluster
}

/// Passes, until one finishes.
async fn pull_until_complete(store: &dyn ConversationStore) {
    while let Err(error) = pull(store).await {
        let is_expected = error.class() == conv_model::ErrorClass::Transient
            || matches!(error, StoreError::Superseded(_));
        assert!(is_expected, "{error:?}");
    }
}

async fn pull(store: &dyn ConversationStore) -> Result<(), StoreError> {
    let pass = store.snapshot().sync().pass.next().as_u64();
    store.apply(begin(pass)).await?;
    let mut keep: Vec<ConversationId> = Vec::new();
    for first in (0..ROWS).step_by(IN_A_PAGE as usize) {
        let names = (first..first + IN_A_PAGE).map(|number| format!("u{number}"));
        let rows: Vec<_> = names.map(|name| at(&name, pass)).collect();
        keep.extend(rows.iter().map(|row| row.id.clone()));
        let commit = store.apply(page(pass, rows)).await?;
        let rows = store.snapshot().len() as u64;
        assert!(rows >= first + IN_A_PAGE, "{rows} rows at {:?}", commit.seq);
    }
    let mut last = finish(pass);
    last.prune = Some(Prune::Unlisted { keep: Arc::new(keep.into_iter().collect()) });
    store.apply(last).await.map(drop)
}

/// Waits until the server answers; returns the number of rows that it holds.
async fn until_loaded(database: &RedisDatabase, account: &AccountId) -> usize {
    loop {
        if let Ok(loaded) = database.engine(account).load().await {
            let rows = loaded.records.iter().filter(|(key, _)| matches!(key, Record::Row(_)));
            return rows.count();
        }
    }
}
