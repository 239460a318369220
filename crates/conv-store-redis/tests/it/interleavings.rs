//! Two writers with numbers that may be stale, in any order: no update is lost.

use std::sync::Arc;

use conv_model::{AccountId, ErrorClass, Local, Seq};
use conv_store::{Engine, Record, StoreError, Write, record::LocalRecord};
use conv_store_redis::{
    RedisDatabase, RedisEngine, RedisError,
    testing::{self, NodeOptions, TestNode},
};

use crate::{
    support::{On, SINGLE, account, fault, user},
    way::Way,
};

/// The number of steps of each of two writers, unless the environment variable `CONV_REDIS_STEPS`
/// sets it.
const STEPS: usize = 1_500;

/// A writer counts up what it last read. It may have read long ago.
struct Writer {
    engine: RedisEngine,
    seq: Seq,
    count: u64,
}

impl Writer {
    async fn read(&mut self) {
        let loaded = self.engine.load().await.unwrap();
        assert!(!loaded.lost);
        self.seq = loaded.seq;
        self.count = count(&loaded.records);
    }

    /// Returns true if it was written.
    async fn write(&mut self) -> bool {
        let seq = self.seq.next();
        let mut write = Write::new(self.seq, seq);
        let data = (self.count + 1).to_le_bytes();
        let record = LocalRecord::new(Local::data(data)).encode(seq).unwrap();
        write.put.push((Record::Row(user("counter")), record));
        match self.engine.commit(&[write]).await {
            Ok(()) => {
                (self.seq, self.count) = (seq, self.count + 1);
                true
            }
            Err(StoreError::Conflict) => false,
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn count(records: &[(Record, Arc<[u8]>)]) -> u64 {
    let Some((_, record)) = records.first() else { return 0 };
    let local = LocalRecord::decode(record).unwrap().local;
    u64::from_le_bytes(local.data_bytes().unwrap().as_ref().try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_writers_with_stale_numbers_no_update_is_lost() {
    let steps = std::env::var("CONV_REDIS_STEPS").map_or(STEPS, |text| text.parse().unwrap());
    let Some(database) = On::Cluster.database(RedisDatabase::options()).await else { return };
    let account = account();
    let run = |seed: u64| {
        let engine = database.engine(&account);
        tokio::spawn(async move {
            let mut chance = fastrand::Rng::with_seed(seed);
            let mut writer = Writer { engine, seq: Seq::default(), count: 0 };
            writer.read().await;
            let (mut written, mut refused) = (0_u64, 0_u64);
            for _ in 0..steps {
                match chance.u8(..4) {
                    0 => writer.read().await,
                    1 => tokio::task::yield_now().await,
                    _ if writer.write().await => written += 1,
                    _ => refused += 1,
                }
            }
            (written, refused)
        })
    };
    let (a, b) = tokio::join!(run(1), run(2));
    let (a, b) = (a.unwrap(), b.unwrap());
    let last = database.engine(&account).load().await.unwrap();
    assert_eq!(count(&last.records), a.0 + b.0, "{a:?} {b:?}");
    // There was something to lose, and something stale.
    assert!(a.0 > 20 && b.0 > 20 && a.1 + b.1 > 20, "{a:?} {b:?}");
}

#[tokio::test]
async fn a_write_whose_number_is_not_greater_is_refused() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let account = account();
    let engine = database.engine(&account);
    let write = |expected, seq| Write::new(Seq::new(expected), Seq::new(seq));
    engine.commit(&[write(0, 4)]).await.unwrap();
    for writes in [vec![write(4, 4)], vec![write(4, 3)], vec![write(4, 7), write(7, 6)]] {
        let refused = engine.commit(&writes).await.unwrap_err();
        assert!(matches!(refused, StoreError::Engine(_)), "{refused:?}");
        assert_eq!(engine.load().await.unwrap().seq, Seq::new(4));
    }
    engine.commit(&[write(4, 5)]).await.unwrap();
    // The server gives the same answer to any reader.
    let code = include_str!("../../src/scripts/commit.lua");
    let keys = ["rows", "local", "writers"].map(|name| format!("{{numbers}}:{name}"));
    let run = |head: &str, next: &str| {
        let words = [head, next, "PUBLISH", "news", "0", "numbers", "2", "0", "0", "0", "0"];
        let mut call = vec!["EVAL", code, "3"];
        call.extend(keys.iter().map(String::as_str).chain(words));
        SINGLE.as_ref().unwrap().call::<String>(&call)
    };
    assert_eq!(run("", "4 a:1").unwrap(), "made");
    for next in ["4 a:2", "3 a:2", "0 a:2"] {
        run("4 a:1", next).unwrap_err();
    }
    assert_eq!(run("4 a:1", "5 a:2").unwrap(), "made");
    assert_eq!(run("4 a:1", "5 a:2").unwrap(), "made", "sent again");
    assert_eq!(run("5 a:2", "6 b:1").unwrap(), "made");
    assert_eq!(run("4 a:1", "5 a:2").unwrap(), "made", "sent again, and followed");
    assert_eq!(run("5 a:2", "6 a:3").unwrap(), "behind");
}

#[tokio::test]
async fn a_write_of_unknown_outcome_is_no_conflict() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let account: AccountId = "unknown".parse().unwrap();
    let (engine, other) = (database.engine(&account), database.engine(&account));
    let write = |expected, seq| [Write::new(Seq::new(expected), Seq::new(seq))];
    assert_eq!(engine.load().await.unwrap().seq, Seq::default());
    other.commit(&write(0, 2_000)).await.unwrap();
    let forget = |number: &str| {
        let words = ["HSET", "conv:{unknown}:writers", "forgotten", number];
        SINGLE.as_ref().unwrap().call::<u64>(&words).unwrap()
    };
    // A thousand others may have written after it, and it been forgotten.
    forget("900");
    let late = engine.commit(&write(0, 1)).await.unwrap_err();
    assert!(matches!(fault(&late), RedisError::Unconfirmed), "{late:?}");
    assert_eq!(late.class(), ErrorClass::Transient);
    let newer = engine.commit(&write(0, 901)).await;
    assert!(matches!(newer, Err(StoreError::Conflict)), "{newer:?}");
    assert!(!engine.load().await.unwrap().lost);
    engine.commit(&write(2_000, 2_001)).await.unwrap();
}

#[tokio::test]
async fn rows_and_local_state_are_loaded_of_one_instant() {
    if !testing::is_there() {
        return;
    }
    let node = TestNode::start(NodeOptions::default()).unwrap();
    // A reader's commands arrive in pieces, and others are served between them.
    let way = Way::to(&node, 16).await;
    let account = account();
    let writer = RedisDatabase::open([node.url()]).await.unwrap().engine(&account);
    let reader = RedisDatabase::open([way.url()]).await.unwrap().engine(&account);
    let mut seq = writer.load().await.unwrap().seq;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 50 {
        let writes = async {
            for _ in 0..10 {
                let mut write = Write::new(seq, seq.next());
                seq = seq.next();
                let data = Local::data(seq.as_u64().to_le_bytes());
                let record = LocalRecord::new(data).encode(seq).unwrap();
                write.put.push((Record::Local(user("counter")), record));
                writer.commit(&[write]).await.unwrap();
            }
        };
        let (loaded, ()) = tokio::join!(reader.load(), writes);
        let loaded = loaded.unwrap();
        assert_eq!(count(&loaded.records), loaded.seq.as_u64());
        seen.insert(loaded.seq);
    }
}
