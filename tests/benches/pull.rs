//! A whole pull through the facade, against its bare calls: what the machinery in between costs.
//!
//! Both sides make the same calls to the same emulator, each in turn, on one thread with one HTTP
//! client of their own. The bare side keeps nothing, checks nothing and survives nothing.
//!
//! `cargo bench -p conv-tests --bench pull`, with another number of rounds behind `--`.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "pull/bare.rs"]
mod bare;
#[path = "pull/times.rs"]
mod times;

use std::{sync::Arc, thread};

use conv_api::{
    BaseUrl, ConversationSource, Conversations, RestSource, SourceError, UserSigSigner,
    sync::RateLimiter,
};
use conv_emulator::Emulator;
use conv_tests::online::{ACCOUNT, emulator, truth};

use self::{bare::Bare, times::Times};

const ROWS: usize = 500;
const PLAN_LIMIT: u32 = 500;

fn main() {
    // Cargo hands over `--bench` as well.
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(60);
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("a pull of {ROWS} rows, p10 of {rounds} rounds, the two sides in turn\n");
    println!("| page | calls | wall: pull, bare | ratio | CPU: pull, bare | ratio |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for page_size in [100, 20] {
        // The cloud has a thread of its own, so that its work is not the client's.
        let cloud = Cloud::start(page_size);
        client.block_on(compare(&cloud.emulator, page_size, rounds));
        cloud.stop();
    }
}

async fn compare(cloud: &Emulator, page_size: usize, rounds: usize) {
    let source: Arc<dyn ConversationSource> = Arc::new(source(cloud));
    let bare = Bare::new(cloud);
    assert_eq!(calls(cloud, pull(&source)).await, calls(cloud, bare.pull()).await);
    let calls = cloud.calls().total;
    let (mut pulls, mut bares) = (Times::default(), Times::default());
    for _ in 0..rounds {
        assert_eq!(pulls.measure(pull(&source)).await, ROWS);
        assert_eq!(bares.measure(bare.pull()).await, ROWS);
    }
    println!(
        "| {page_size} | {calls} | {:.1} ms, {:.1} ms | {:.2} | {:.1} ms, {:.1} ms | {:.2} |",
        pulls.wall(),
        bares.wall(),
        pulls.wall() / bares.wall(),
        pulls.cpu(),
        bares.cpu(),
        pulls.cpu() / bares.cpu(),
    );
}

/// From an empty list in memory to a complete one; says how many rows it has.
async fn pull(source: &Arc<dyn ConversationSource>) -> usize {
    let builder = Conversations::builder(ACCOUNT).source(Arc::clone(source));
    let conversations = builder.plan_limit(PLAN_LIMIT).build().await.unwrap();
    conversations.sync().await.unwrap();
    conversations.snapshot().len()
}

/// The calls that a pull makes, by command.
async fn calls(cloud: &Emulator, pull: impl Future<Output = usize>) -> conv_emulator::Calls {
    cloud.reset_calls();
    assert_eq!(pull.await, truth(cloud).len());
    cloud.calls()
}

fn source(cloud: &Emulator) -> RestSource {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse().unwrap();
    let builder = RestSource::builder(url, cloud.sdk_app_id(), signer);
    builder.rate_limiter(Arc::new(Unlimited)).build()
}

/// To be measured is the work of a pull, not the pace at which a real cloud may be called.
#[derive(Debug)]
struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: std::time::Duration) {}
}

/// An emulator on a thread of its own.
struct Cloud {
    emulator: Emulator,
    stop: tokio::sync::oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Cloud {
    fn start(page_size: usize) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (give, take) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let emulator = emulator(ROWS).page_size(page_size).start().await;
                give.send(emulator.unwrap()).unwrap();
                let _ = stopped.await;
            });
        });
        Self { emulator: take.recv().unwrap(), stop, thread }
    }

    fn stop(self) {
        drop((self.emulator, self.stop));
        self.thread.join().unwrap();
    }
}
