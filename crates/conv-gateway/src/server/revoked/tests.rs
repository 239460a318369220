use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use conv_api::store::{MemorySignals, SignalListener};

use super::*;
use crate::AccessTokens;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const LATER: Timestamp = Timestamp::from_secs(1_700_000_001);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Signals that can be gone, or lose messages.
#[derive(Debug, Default)]
struct Moody {
    signals: MemorySignals,
    is_gone: AtomicBool,
    is_mute: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait]
impl Signals for Moody {
    async fn send(&self, account: &AccountId, name: &str) -> Result<(), StoreError> {
        match self.is_mute.load(Relaxed) {
            true => Ok(()),
            false => self.signals.send(account, name).await,
        }
    }

    fn listen(&self) -> Box<dyn SignalListener> {
        self.signals.listen()
    }

    async fn put(
        &self,
        account: &AccountId,
        key: &str,
        value: &[u8],
        lives: Duration,
    ) -> Result<(), StoreError> {
        self.signals.put(account, key, value, lives).await
    }

    async fn get(&self, account: &AccountId, key: &str) -> Result<Option<SignalValue>, StoreError> {
        self.asked.fetch_add(1, Relaxed);
        match self.is_gone.load(Relaxed) {
            true => std::future::pending().await,
            false => self.signals.get(account, key).await,
        }
    }
}

fn two() -> ([Arc<Revoked>; 2], Arc<Moody>) {
    let moody = Arc::new(Moody::default());
    let one = || Revoked::new(Some(Arc::clone(&moody) as Arc<dyn Signals>), YEAR);
    ([one(), one()], moody)
}

fn alice() -> AccountId {
    "alice".parse().unwrap()
}

fn session() -> Session {
    let sig = conv_sync::UserSigSigner::new("alice", "a made-up key").sign(1, NOW, YEAR).unwrap();
    let tokens = AccessTokens::new(1, "a made-up key").unwrap();
    tokens.login("alice", sig.expose(), NOW).unwrap().session().clone()
}

#[tokio::test(start_paused = true)]
async fn a_process_that_knows_the_account_hears_of_it_and_another_one_asks() {
    let ([a, b], _) = two();
    b.learn(&alice()).await;
    assert_eq!(b.not_before(&alice()), None);
    tokio::task::yield_now().await;
    a.revoke(&alice(), LATER, NOW).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(b.not_before(&alice()), Some(LATER));
    // An earlier time takes nothing back.
    b.revoke(&alice(), NOW, NOW).await.unwrap();
    let c = Revoked::new(a.signals.clone(), YEAR);
    c.learn(&alice()).await;
    assert_eq!(c.not_before(&alice()), Some(LATER));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_missed_costs_seconds_at_a_call_and_a_minute_on_a_line() {
    let ([a, b], moody) = two();
    let line = tokio::spawn({
        let b = Arc::clone(&b);
        async move { b.until_revoked(&session()).await }
    });
    sleep(Duration::from_secs(30)).await;
    assert!(!line.is_finished());
    moody.is_mute.store(true, Relaxed);
    a.revoke(&alice(), LATER, NOW).await.unwrap();
    let (revoked, asked) = (Instant::now(), moody.asked.load(Relaxed));
    line.await.unwrap();
    assert!(revoked.elapsed() <= LOOK && moody.asked.load(Relaxed) <= asked + 1);

    let c = Revoked::new(a.signals.clone(), YEAR);
    c.learn(&alice()).await;
    a.revoke(&alice(), Timestamp::from_secs(1_700_000_500), NOW).await.unwrap();
    for _ in 0..100 {
        c.learn(&alice()).await;
    }
    assert_eq!(c.not_before(&alice()), Some(LATER), "it asks once in a while");
    sleep(FRESH).await;
    c.learn(&alice()).await;
    assert_eq!(c.not_before(&alice()), Some(Timestamp::from_secs(1_700_000_500)));
}

#[tokio::test(start_paused = true)]
async fn a_line_ends_as_soon_as_its_account_is_revoked_here_or_elsewhere() {
    let ([a, b], _) = two();
    let line = |of: &Arc<Revoked>| {
        let of = Arc::clone(of);
        tokio::spawn(async move { of.until_revoked(&session()).await })
    };
    let lines = [line(&a), line(&b)];
    sleep(Duration::from_secs(1)).await;
    a.revoke(&"bob".parse().unwrap(), LATER, NOW).await.unwrap();
    a.revoke(&alice(), NOW, NOW).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(lines.iter().all(|line| !line.is_finished()), "it was issued then, and is valid");
    let revoked = Instant::now();
    a.revoke(&alice(), LATER, NOW).await.unwrap();
    for line in lines {
        line.await.unwrap();
    }
    assert!(revoked.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn without_the_server_calls_go_on_and_no_token_is_made() {
    let ([a, b], moody) = two();
    a.revoke(&alice(), LATER, NOW).await.unwrap();
    moody.is_gone.store(true, Relaxed);
    let begun = Instant::now();
    for _ in 0..100 {
        b.learn(&alice()).await;
    }
    assert!(begun.elapsed() <= PATIENCE, "{:?}", begun.elapsed());
    let error = b.learn_surely(&alice()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    moody.is_gone.store(false, Relaxed);
    b.learn_surely(&alice()).await.unwrap();
    assert_eq!(b.not_before(&alice()), Some(LATER));
}

#[tokio::test(start_paused = true)]
async fn without_signals_this_process_refuses_and_asks_no_one() {
    let revoked = Revoked::new(None, YEAR);
    revoked.learn_surely(&alice()).await.unwrap();
    revoked.revoke(&alice(), LATER, NOW).await.unwrap();
    for n in 0..3 * FEW {
        revoked.lock().entry(&format!("user_{n}").parse().unwrap());
    }
    assert_eq!(revoked.not_before(&alice()), Some(LATER));
    assert!(revoked.lock().accounts.len() <= FEW + 1);
}
