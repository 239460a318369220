//! Two processes that pull the same account: the facade over one cluster.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use conv_api::{Conversations, testing::ScriptedSource};
use conv_model::{AccountId, All};
use conv_store_redis::RedisDatabase;

use crate::support::{On, account, soon};

/// The same account in two processes, and the cloud that both ask.
async fn two() -> Option<([Conversations; 2], Arc<ScriptedSource>)> {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    let account = account();
    let mut lists = Vec::new();
    for _ in 0..2 {
        lists.push(one(&account, &source).await?);
    }
    Some((lists.try_into().ok()?, source))
}

async fn one(account: &AccountId, source: &Arc<ScriptedSource>) -> Option<Conversations> {
    let options = RedisDatabase::options().lease(Duration::from_secs(1));
    let database = On::Cluster.database(options).await?;
    let list = Conversations::builder(account.as_str()).database(database);
    Some(list.source(Arc::clone(source)).plan_limit(500).build().await.unwrap())
}

#[tokio::test]
async fn two_processes_that_sync_at_once_ask_the_cloud_once() {
    let Some((alone, source)) = two().await else { return };
    soon(alone[0].sync()).await.unwrap();
    let of_one = source.calls().len();
    let Some(([a, b], source)) = two().await else { return };
    let (first, second) = soon(async { tokio::join!(a.sync(), b.sync()) }).await;
    assert!(first.unwrap().is_sync_completed() && second.unwrap().is_sync_completed());
    assert_eq!(source.calls().len(), of_one);
    for list in [&a, &b] {
        assert_eq!(list.get_conversation_list(All).await.unwrap().len(), 300);
    }
}

#[tokio::test]
async fn a_pass_that_changed_nothing_is_joined_like_any_other() {
    let Some(([a, b], source)) = two().await else { return };
    let both = || soon(async { tokio::join!(a.sync(), b.sync()) });
    for list in [&a, &b] {
        soon(list.sync()).await.unwrap();
    }
    // Now each of them has seen the last pass of the other.
    let (first, second) = both().await;
    first.and(second).unwrap();
    // This cloud's clock does not move: each of these passes finishes just like the one before.
    for _ in 0..8 {
        let before = source.calls().len();
        let (first, second) = both().await;
        assert!(first.unwrap().is_sync_completed() && second.unwrap().is_sync_completed());
        assert_eq!(source.calls().len() - before, 6, "two listings of three pages");
    }
}

#[tokio::test]
async fn a_requested_sync_gets_a_pass_of_its_own_while_another_process_pulls() {
    let Some(([a, b], source)) = two().await else { return };
    let calls = || source.calls().len();
    soon(a.sync()).await.unwrap();
    let before = calls();
    soon(a.sync()).await.unwrap();
    let (of_one, before) = (calls() - before, calls());
    let marked = async {
        // The other one is at it.
        while calls() == before {
            tokio::task::yield_now().await;
        }
        b.request_sync().unwrap();
        // It joins the pass that the mark began.
        b.sync().await
    };
    let (first, second) = soon(async { tokio::join!(a.sync(), marked) }).await;
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert!(calls() - before >= of_one * 2, "{} of {of_one} each", calls() - before);
}

#[tokio::test]
async fn a_waiting_process_pulls_if_the_holder_stops() {
    let Some(([a, b], source)) = two().await else { return };
    let waiting = soon(async {
        let stopped = async {
            let syncing = a.sync();
            let mut syncing = std::pin::pin!(syncing);
            // It has the lease, and has begun.
            while source.calls().is_empty() {
                tokio::select! { biased; _ = &mut syncing => break, () = tokio::task::yield_now() => {} }
            }
            a.close().await.unwrap();
        };
        let syncs = async {
            while source.calls().is_empty() {
                tokio::task::yield_now().await;
            }
            b.sync().await
        };
        tokio::join!(stopped, syncs).1
    });
    assert!(waiting.await.unwrap().is_sync_completed());
    let page = b.page(All, NonZeroUsize::MAX, None);
    assert_eq!(page.rows.len(), 300);
}
