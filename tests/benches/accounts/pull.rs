//! Accounts pulled a second, beside a bare client that makes the same calls.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use conv_api::{
    AccountId, Accounts, ConversationDatabase, MemoryDatabase, RestSource, SledDatabase,
    SourceError, UserSigSigner, sync::RateLimiter,
};
use conv_emulator::Emulator;
use conv_tests::online::ACCOUNT;
use tokio::task::JoinSet;

use super::bare::Bare;

const ACCOUNTS: usize = 300;
const ROUNDS: usize = 7;
const AT_A_TIME: usize = 8;

pub async fn compare() {
    let cloud = start();
    let bare = Arc::new(Bare::new(&cloud));
    let folder = tempfile::TempDir::new().unwrap();
    let (mut in_memory, mut on_disk, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let bare = bares_at_a_time(&bare).await;
        let memory = pulls(&cloud, Arc::new(MemoryDatabase::new())).await;
        let path = folder.path().join(round.to_string());
        let disk = pulls(&cloud, Arc::new(SledDatabase::open(path).await.unwrap())).await;
        // In the first round the cloud makes its lists up.
        if round > 0 {
            bares.push(bare);
            in_memory.push(memory);
            on_disk.push(disk);
        }
    }
    let [bare, memory, disk] = [bares, in_memory, on_disk].map(best);
    let rate = |time: Duration| ACCOUNTS as f64 / time.as_secs_f64();
    println!(
        "pull {ACCOUNTS} accounts of 100 rows, {AT_A_TIME} at a time, best of {ROUNDS}: bare {:.0} \
         a second; in memory {:.0}: {:.2}; on disk {:.0}: {:.2} (goal 1.3)\n",
        rate(bare),
        rate(memory),
        memory.as_secs_f64() / bare.as_secs_f64(),
        rate(disk),
        disk.as_secs_f64() / bare.as_secs_f64(),
    );
}

async fn pulls(cloud: &Emulator, database: Arc<dyn ConversationDatabase>) -> Duration {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    let source = RestSource::builder(url, cloud.sdk_app_id(), signer);
    let source = source.rate_limiter(Arc::new(Unlimited)).build();
    let accounts = Accounts::builder(database, source).concurrent_passes(AT_A_TIME).build();
    let names = (1..=ACCOUNTS).map(|n| format!("user_{n:04}").parse::<AccountId>().unwrap());
    let begun = Instant::now();
    let refreshed = accounts.refresh_all(names, Duration::ZERO).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(refreshed.finished, ACCOUNTS, "{:?}", refreshed.failed);
    accounts.close().await.unwrap();
    took
}

/// The same calls for one account as often as there are accounts.
async fn bares_at_a_time(bare: &Arc<Bare>) -> Duration {
    let begun = Instant::now();
    let mut lines = JoinSet::new();
    for line in 0..AT_A_TIME {
        let bare = Arc::clone(bare);
        lines.spawn(async move {
            for _ in (line..ACCOUNTS).step_by(AT_A_TIME) {
                assert!(bare.pull().await > 0);
            }
        });
    }
    while let Some(ended) = lines.join_next().await {
        ended.unwrap();
    }
    begun.elapsed()
}

fn best(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap()
}

/// A cloud on a thread of its own, until the process ends.
fn start() -> Emulator {
    let (give, take) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let cloud = Emulator::builder().seed(7).account(ACCOUNT).accounts(ACCOUNTS);
            give.send(cloud.conversations(100).start().await.unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    take.recv().unwrap()
}

#[derive(Debug)]
struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: Duration) {}
}
