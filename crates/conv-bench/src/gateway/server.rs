//! The child: serves until its input ends, and answers what it is asked.

use std::{
    io::{BufRead, Write},
    net::TcpListener,
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use conv_api::{
    AccountId, Accounts, BaseUrl, ConversationDatabase, ConversationPatch, Conversations, Known,
    ListingPatch, MemoryDatabase, SledDatabase, Timestamp, UserSigSigner, WatchOptions,
    model::{LastMessage, MessageKind, Payload},
};
use conv_gateway::{
    AccessTokens, Drain, Host, HostOptions, Webhooks,
    webhook::{App, Token, Verifier},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{
    ask::{Ask, Gateway, Listening, Serve, Stats},
    bare::Bare,
};
use crate::{data::NOW, machine, watch};

/// Addresses of one port each, so that there are enough ports for clients.
const ADDRESSES: [&str; 4] = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
/// The row that a message comes in, from the top: below those that are pinned, and in each window.
const TOUCHED: usize = 20;

/// Tells how many bytes of heap are in use.
pub type Heap<'a> = &'a dyn Fn() -> usize;

/// Serves what the argument says.
pub fn serve(argument: &str, heap: Option<Heap<'_>>) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match serde_json::from_str(argument).unwrap() {
        Serve::Gateway(options) => {
            let connections = options.connections;
            let mut served = runtime.block_on(Served::new(&options));
            listen(&runtime, &served.gateway.router(), connections);
            answer(heap, |ask| runtime.block_on(served.answer(ask)));
            drop(served);
        }
        Serve::Bare => {
            let bare = Bare::default();
            runtime.block_on(bare.listen(&ADDRESSES[..1]));
            answer(heap, |ask| bare.answer(&ask));
        }
    }
    // Thousands of streams need not end in order.
    std::process::exit(0);
}

/// Prints where it listens.
pub fn say(value: &impl serde::Serialize) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(value).unwrap()).unwrap();
    out.flush().unwrap();
}

fn answer(heap: Option<Heap<'_>>, mut answer: impl FnMut(Ask) -> Stats) {
    for line in std::io::stdin().lock().lines() {
        let ask = serde_json::from_str(&line.unwrap()).unwrap();
        let stats = answer(ask);
        say(&Stats {
            // Counting makes it slower.
            cpu: if heap.is_some() { 0.0 } else { watch::process_micros() },
            resident: machine::resident_memory().unwrap_or_default(),
            heap: heap.map(|heap| heap()),
            ..stats
        });
    }
}

fn listen(runtime: &Runtime, router: &Router, connections: usize) {
    let mut addresses = Vec::new();
    for address in ADDRESSES {
        // Not every system has more than the first.
        let Ok(listener) = TcpListener::bind((address, 0)) else { continue };
        addresses.push(listener.local_addr().unwrap());
        let mut options = HostOptions::default();
        options.connections = connections;
        let host = Host::new(router.clone()).options(options);
        runtime.spawn(async move { host.serve(listener, &Drain::new()).await });
    }
    say(&Listening { addresses });
}

/// A gateway and its lists.
struct Served {
    accounts: Accounts,
    gateway: conv_gateway::Gateway,
    lists: Vec<Conversations>,
    messages: u64,
    /// Gone with this.
    _folder: TempDir,
}

impl Served {
    async fn new(options: &Gateway) -> Self {
        let cloud = &options.cloud;
        let url: BaseUrl = cloud.base_url.parse().unwrap();
        let signer = UserSigSigner::new(&cloud.identifier, cloud.secret_key.as_str());
        let source = conv_api::RestSource::builder(url, cloud.sdk_app_id, signer)
            .rate_limiter(Arc::new(crate::cloud::Unlimited))
            .build();
        // What is measured is the way of an event, not the time in which events are collected.
        let at_once = Duration::ZERO;
        let watching = WatchOptions::default().with_delay(at_once).with_interval(at_once);
        let folder = TempDir::new().unwrap();
        let database: Arc<dyn ConversationDatabase> = match options.on_disk {
            true => Arc::new(SledDatabase::open(folder.path()).await.unwrap()),
            false => Arc::new(MemoryDatabase::new()),
        };
        let accounts = Accounts::builder(database, source)
            .listing_budget(NonZeroU32::MAX)
            .memory_budget(usize::MAX)
            .watch_options(watching)
            .build();
        let tokens = AccessTokens::new(cloud.sdk_app_id, cloud.secret_key.as_str()).unwrap();
        let token = Token::new(options.webhook_token.as_str()).unwrap();
        let app = App::signed(cloud.sdk_app_id, token);
        let (many, second) = (NonZeroU32::MAX, Duration::from_secs(1));
        let gateway = conv_gateway::Gateway::builder(accounts.clone(), tokens)
            .requests(many, second)
            .cloud_calls(many, second)
            .authorizer(|_: &AccountId, _: &AccountId, _| true)
            .webhooks(Webhooks::new(Verifier::default().with_app(app)))
            .build();
        Self { accounts, gateway, lists: Vec::new(), messages: 0, _folder: folder }
    }

    async fn answer(&mut self, ask: Ask) -> Stats {
        match ask {
            Ask::Warm { from, count } => self.warm(from, count).await,
            Ask::Touch { from, count } => {
                let lists = self.lists[from..from + count].to_vec();
                let first = self.messages;
                self.messages += count as u64;
                // Where passes run, too.
                let touched = tokio::spawn(async move {
                    for (list, number) in lists.iter().zip(first..) {
                        touch(list, number).await;
                    }
                });
                touched.await.unwrap();
                // To add up the numbers of all accounts costs more than the message.
                return Stats::default();
            }
            Ask::Send { .. } | Ask::Stats => {}
        }
        let (streams, accounts) = (self.gateway.stream_stats(), self.accounts.stats());
        Stats {
            lines_open: streams.lines_open,
            updates: streams.updates,
            bytes: streams.bytes,
            serialisations: streams.serialisations,
            resumed_patch: streams.resumed_patch,
            resumed_sync: streams.resumed_sync,
            resumed_reset: streams.resumed_reset,
            passes: accounts.passes_running + accounts.passes_waiting,
            calls: accounts.calls,
            ..Stats::default()
        }
    }

    async fn warm(&mut self, from: usize, count: usize) {
        let names: Vec<AccountId> = (from + 1..=from + count)
            .map(|number| super::cloud::account(number).parse().unwrap())
            .collect();
        let all = self.accounts.refresh_all(names.clone(), Duration::ZERO).await.unwrap();
        assert_eq!(all.finished, count, "{:?}", all.failed);
        for name in &names {
            let list = self.accounts.open(name).await.unwrap();
            for (number, row) in list.snapshot().rows().enumerate() {
                let mut patch = ConversationPatch::new(row.id.clone());
                patch.unread.count = Some(0);
                let time = row.listing.time.unwrap_or_default();
                patch.last_message = Known::Value(Arc::new(message(time, number as u64)));
                list.merge(patch).await.unwrap();
            }
        }
        // What a list remembers of its changes is not what a user takes who looks at it.
        self.accounts.evict_idle();
        for name in &names {
            self.lists.push(self.accounts.open(name).await.unwrap());
        }
    }
}

/// A message comes, as a pull would bring it.
async fn touch(list: &Conversations, number: u64) {
    let snapshot = list.snapshot();
    let row = snapshot.rows().nth(TOUCHED.min(snapshot.len() - 1)).unwrap();
    // Later than all that the cloud has.
    let time = Timestamp::from_secs(NOW * 2 + number);
    let mut patch = ConversationPatch::new(row.id.clone());
    patch.listing = Some(ListingPatch::at(time));
    patch.unread.count = Some((number % 90) as u32 + 1);
    patch.last_message = Known::Value(Arc::new(message(time, number)));
    list.merge(patch).await.unwrap();
}

fn message(time: Timestamp, number: u64) -> LastMessage {
    let mut message = LastMessage::new(MessageKind::Text);
    message.time = Some(time);
    message.sequence = number;
    message.from_account = format!("user_{:08}", number % 100_000).into();
    message.payload = Some(Payload::of_text("See you tomorrow at the usual place, then."));
    message
}
