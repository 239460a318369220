//! The rate limiter, on a clock that the tests turn.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use conv_sync::{LocalRateLimiter, RateLimiter};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, timeout},
};

const APP: u32 = 1_400_000_000;
const LIST: &str = "recentcontact/get_list";
const NAMES: &str = "profile/portrait_get";
const SECOND: Duration = Duration::from_secs(1);

fn limiter() -> Arc<LocalRateLimiter> {
    Arc::new(LocalRateLimiter::default())
}

fn per_second(calls: u32) -> Arc<LocalRateLimiter> {
    Arc::new(LocalRateLimiter::new(NonZeroU32::new(calls).unwrap()))
}

/// Returns the times at which some calls were admitted, in the order of asking.
async fn times(
    limiter: &Arc<LocalRateLimiter>,
    command: &'static str,
    calls: usize,
) -> Vec<Instant> {
    let waiting: Vec<_> = (0..calls).map(|_| ask(limiter, command)).collect();
    let mut times = Vec::new();
    for call in waiting {
        times.push(call.await.unwrap());
    }
    times
}

fn ask(limiter: &Arc<LocalRateLimiter>, command: &'static str) -> JoinHandle<Instant> {
    let limiter = Arc::clone(limiter);
    tokio::spawn(async move {
        limiter.acquire(APP, command).await.unwrap();
        Instant::now()
    })
}

/// The most calls in any second.
fn most(times: &[Instant]) -> usize {
    let within =
        |from: Instant| times.iter().filter(move |at| **at >= from && **at - from <= SECOND);
    times.iter().map(|from| within(*from).count()).max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_calls_than_the_rate_and_its_burst() {
    let limiter = limiter();
    let begun = Instant::now();
    let mut times = times(&limiter, LIST, 700).await;
    // A silence in which the burst comes back, and the rest.
    tokio::time::advance(SECOND / 2).await;
    times.extend(self::times(&limiter, LIST, 300).await);
    assert_eq!(times.len(), 1000);
    assert!(most(&times) <= 190, "{}", most(&times));
    // And no fewer than it may be.
    let took = begun.elapsed() - SECOND / 2;
    assert!(took < Duration::from_millis(5_600), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_rate_can_be_told() {
    for (rate, at_most) in [(1, 2), (45, 47), (1000, 1050)] {
        let times = times(&per_second(rate), LIST, 3 * rate as usize).await;
        assert!(most(&times) <= at_most, "{rate}: {}", most(&times));
    }
    times(&per_second(u32::MAX), LIST, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn two_commands_and_two_apps_do_not_hold_each_other() {
    let limiter = limiter();
    let begun = Instant::now();
    let _list: Vec<_> = (0..500).map(|_| ask(&limiter, LIST)).collect();
    tokio::task::yield_now().await;
    limiter.acquire(APP, NAMES).await.unwrap();
    limiter.acquire(APP + 1, LIST).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    limiter.hold_back(APP, LIST, 60 * SECOND).await;
    limiter.acquire(APP, NAMES).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn calls_come_on_in_the_order_in_which_they_asked() {
    let limiter = per_second(20);
    let mut waiting = JoinSet::new();
    for number in 0..60 {
        let limiter = Arc::clone(&limiter);
        waiting.spawn(async move {
            limiter.acquire(APP, LIST).await.unwrap();
            number
        });
        tokio::task::yield_now().await;
    }
    let mut order = Vec::new();
    while let Some(number) = waiting.join_next().await {
        order.push(number.unwrap());
    }
    assert_eq!(order, (0..60).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_costs_nothing() {
    let limiter = per_second(1);
    limiter.acquire(APP, LIST).await.unwrap();
    let begun = Instant::now();
    let dropped: Vec<_> = (0..50).map(|_| ask(&limiter, LIST)).collect();
    tokio::task::yield_now().await;
    let last = ask(&limiter, LIST);
    tokio::task::yield_now().await;
    for call in &dropped {
        call.abort();
    }
    assert_eq!(last.await.unwrap() - begun, SECOND);
    // Also the first in line, at any moment of its wait.
    for millis in [1, 250, 999] {
        let begun = Instant::now();
        let wait = Duration::from_millis(millis);
        timeout(wait, limiter.acquire(APP, LIST)).await.unwrap_err();
        limiter.acquire(APP, LIST).await.unwrap();
        assert_eq!(begun.elapsed(), SECOND, "{millis}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_back_those_who_ask_and_those_who_wait() {
    let limiter = per_second(20);
    let begun = Instant::now();
    let waiting: Vec<_> = (0..4).map(|_| ask(&limiter, LIST)).collect();
    tokio::task::yield_now().await;
    limiter.hold_back(APP, LIST, 3 * SECOND).await;
    // A shorter pause does not end a longer one.
    limiter.hold_back(APP, LIST, SECOND).await;
    let mut times = times(&limiter, LIST, 2).await;
    for call in waiting {
        times.push(call.await.unwrap());
    }
    let after: Vec<_> = times.iter().map(|at| *at - begun).collect();
    let early = after.iter().filter(|after| **after < 3 * SECOND).count();
    assert_eq!(early, 1, "{after:?}");
    assert!(after.iter().all(|after| *after < 4 * SECOND), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_without_end_is_no_panic() {
    let limiter = limiter();
    limiter.hold_back(APP, LIST, Duration::MAX).await;
    timeout(100 * SECOND, limiter.acquire(APP, LIST)).await.unwrap_err();
}

#[tokio::test]
async fn a_limiter_serves_from_many_threads() {
    fn is_shareable<T: RateLimiter + ?Sized>(_: &T) {}
    let limiter: Arc<dyn RateLimiter> = limiter();
    is_shareable(&limiter);
    limiter.acquire(APP, LIST).await.unwrap();
    limiter.hold_back(APP, NAMES, SECOND).await;
    assert!(format!("{limiter:?}").contains("LocalRateLimiter"));
}
