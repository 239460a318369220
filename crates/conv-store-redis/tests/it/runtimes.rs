//! Runtimes that end before the database does.

use std::time::Duration;

use conv_model::{Delta, ErrorClass};
use conv_store::{ConversationDatabase, ConversationStore};
use conv_store_redis::RedisDatabase;
use tokio::runtime::{Builder, Runtime};

use crate::support::{On, account, at, by_news, soon, until, user};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_store_whose_runtime_ended_is_opened_again() {
    let database_lives = runtime();
    for on in [On::Single, On::Cluster] {
        let database = database_lives.block_on(on.database(RedisDatabase::options()));
        let Some(database) = database else { return };
        let account = account();
        let ends = runtime();
        let dead = ends.block_on(database.account(&account)).unwrap();
        ends.block_on(dead.apply(Delta::listed([at("alice", 1)]))).unwrap();
        drop(ends);
        database_lives.block_on(soon(async {
            let store = database.account(&account).await.unwrap();
            store.apply(Delta::listed([at("bob", 1)])).await.unwrap();
            assert_eq!(store.snapshot().len(), 2);
        }));
        drop(dead);
    }
}

#[test]
fn a_database_outlives_the_runtime_that_opened_it() {
    for on in [On::Single, On::Cluster] {
        let opens = runtime();
        let options = by_news().answer_within(Duration::from_secs(10));
        let Some(database) = opens.block_on(on.database(options)) else { return };
        let account = account();
        drop(opens);
        runtime().block_on(soon(async {
            let store = loop {
                match database.account(&account).await {
                    Ok(store) => break store,
                    Err(error) => assert_eq!(error.class(), ErrorClass::Transient, "{error:?}"),
                }
                tokio::task::yield_now().await;
            };
            let other = on.database(by_news()).await.unwrap().account(&account).await.unwrap();
            for round in 0..3 {
                let name = format!("u{round}");
                other.apply(Delta::listed([at(&name, 1)])).await.unwrap();
                until(&*store, |snapshot| snapshot.get(&user(&name)).is_some()).await;
            }
        }));
    }
}
