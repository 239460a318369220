//! One rate for all processes.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use conv_store_redis::{
    RedisDatabase, RedisRateLimiter,
    testing::{self, NodeOptions, TestNode},
};
use conv_sync::{RateLimiter, SourceError};

use crate::support::{On, SINGLE, soon};

/// The limiters of two processes, at 50 calls a second of which 2 may go out at once.
async fn two() -> Option<[Arc<RedisRateLimiter>; 2]> {
    let mut limiters = Vec::new();
    for _ in 0..2 {
        let database = On::Cluster.database(RedisDatabase::options()).await?;
        let rate = NonZeroU32::new(50).unwrap();
        limiters.push(Arc::new(RedisRateLimiter::with_rate(&database, rate)));
    }
    limiters.try_into().ok()
}

async fn acquire(limiter: &RedisRateLimiter, command: &str, calls: usize) {
    for _ in 0..calls {
        limiter.acquire(1_400_000_000, command).await.unwrap();
    }
}

#[tokio::test]
async fn two_processes_together_are_no_faster_than_one() {
    let Some([a, b]) = two().await else { return };
    let begun = Instant::now();
    soon(async { tokio::join!(acquire(&a, "one", 15), acquire(&b, "one", 15)) }).await;
    // 30 calls, the first two at once.
    assert!(begun.elapsed() >= Duration::from_millis(20 * 27), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn commands_and_apps_have_rates_of_their_own() {
    let Some([a, _]) = two().await else { return };
    a.hold_back(1_400_000_000, "held", Duration::from_secs(3600)).await;
    soon(a.acquire(1_400_000_000, "free")).await.unwrap();
    soon(a.acquire(1_400_000_001, "held")).await.unwrap();
}

#[tokio::test]
async fn holding_back_one_process_holds_back_the_others() {
    let Some([a, b]) = two().await else { return };
    let begun = Instant::now();
    a.hold_back(1_400_000_000, "pause", Duration::from_millis(400)).await;
    a.hold_back(1_400_000_000, "pause", Duration::from_millis(1)).await;
    soon(b.acquire(1_400_000_000, "pause")).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(390), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_dropped_acquire_uses_no_call() {
    let Some([a, b]) = two().await else { return };
    acquire(&a, "left", 2).await;
    for _ in 0..50 {
        // Polled once, and dropped while it waits.
        let mut waits = Box::pin(a.acquire(1_400_000_000, "left"));
        tokio::select! { biased; _ = &mut waits => {}, () = tokio::task::yield_now() => {} }
    }
    let begun = Instant::now();
    soon(acquire(&b, "left", 3)).await;
    // Had each of the fifty taken one, it were a second.
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_clock_of_the_server_that_went_back_stops_no_calls() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let limiter = RedisRateLimiter::with_rate(&database, NonZeroU32::new(50).unwrap());
    // The state after an hour, by which the clock then goes back.
    let [seconds, _]: [u64; 2] = node.call(&["TIME"]).unwrap();
    let free = ((seconds + 3_600) * 1_000_000).to_string();
    node.call::<()>(&["SET", "conv:{7/back}:rate", &free, "EX", "3600"]).unwrap();
    soon(limiter.acquire(7, "back")).await.unwrap();
    limiter.hold_back(7, "back", Duration::from_millis(50)).await;
    node.call::<()>(&["PEXPIRE", "conv:{7/back}:hold", "3600000"]).unwrap();
    soon(limiter.acquire(7, "back")).await.unwrap();
    // A longer pause counts from here on, though a shorter one seems to end later.
    limiter.hold_back(7, "back", Duration::from_millis(50)).await;
    node.call::<()>(&["PEXPIRE", "conv:{7/back}:hold", "7200000"]).unwrap();
    limiter.hold_back(7, "back", Duration::from_secs(3_600)).await;
    let left: u64 = node.call(&["PTTL", "conv:{7/back}:hold"]).unwrap();
    assert!((3_000_000..=3_600_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn every_rate_lets_calls_through() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    for rate in [1, 19, 999_999, 1_000_000, 1_000_001, u32::MAX] {
        let rate = NonZeroU32::new(rate).unwrap();
        let limiter = RedisRateLimiter::with_rate(&database, rate);
        for _ in 0..2 {
            soon(limiter.acquire(rate.get(), "rate")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_pause_beyond_all_bounds_holds_calls_back() {
    let Some([a, b]) = two().await else { return };
    a.hold_back(1_400_000_000, "for ever", Duration::MAX).await;
    let mut waits = Box::pin(b.acquire(1_400_000_000, "for ever"));
    let held = tokio::time::timeout(Duration::from_millis(200), &mut waits).await;
    assert!(held.is_err(), "{held:?}");
}

#[tokio::test]
async fn without_the_server_calls_fail_as_the_network_does() {
    if !testing::is_there() {
        return;
    }
    let mut node = TestNode::start(NodeOptions::default()).unwrap();
    let options = RedisDatabase::options().answer_within(Duration::from_secs(1));
    let limiter = RedisRateLimiter::new(&options.open([node.url()]).await.unwrap());
    limiter.acquire(1, "a").await.unwrap();
    node.kill();
    let refused = limiter.acquire(1, "a").await.unwrap_err();
    assert!(matches!(refused, SourceError::Network { .. } | SourceError::TimedOut), "{refused:?}");
    limiter.hold_back(1, "a", Duration::from_secs(1)).await;
}
