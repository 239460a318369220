//! Many accounts send under one limiter: 2,000 here; `CONV_ACCOUNTS` sets another number.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, Accounts, ConversationId, ConversationPatch, ConversationSource, ConversationWriter,
    ErrorClass, ListingPatch, MemoryDatabase, SourceError, Timestamp,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, LocalRateLimiter, Page,
        ProfileRequest, PullRequest, RateLimiter, Retry, SourceRow, WriteCapabilities, WriteKind,
        WriteRequest, Written,
    },
};
use tokio::time::{Instant, sleep};

use super::cloud::id;
use crate::accounts::account;

const RATE: f64 = 180.0;
const LIST: &str = "recentcontact/get_list";
const TOP: &str = "recentcontact/top";

/// One app's cloud, behind the limiter that its reads and writes share.
#[derive(Debug)]
struct App {
    limiter: LocalRateLimiter,
    is_offline: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<&'static str, usize>,
    /// The time at which each account's pin was applied.
    pinned: HashMap<AccountId, Instant>,
    /// The calls of `top` until the next refusal as one too many.
    until_refused: Option<usize>,
}

impl App {
    fn new() -> Arc<Self> {
        let (limiter, is_offline) = (LocalRateLimiter::default(), AtomicBool::new(false));
        Arc::new(Self { limiter, is_offline, state: Mutex::default() })
    }

    async fn call(&self, command: &'static str) -> Result<(), SourceError> {
        if self.is_offline.load(Relaxed) {
            return Err(SourceError::TimedOut);
        }
        self.limiter.acquire(1, command).await?;
        sleep(Duration::from_millis(20)).await;
        let is_refused = {
            let mut state = self.state.lock().unwrap();
            *state.calls.entry(command).or_default() += 1;
            let left = state.until_refused.as_mut().filter(|_| command == TOP);
            left.is_some_and(|left| {
                let is_last = *left == 1;
                *left = left.saturating_sub(1);
                is_last
            })
        };
        if !is_refused {
            return Ok(());
        }
        self.limiter.hold_back(1, command, Duration::from_secs(1)).await;
        Err(SourceError::Cloud {
            code: 60_007,
            class: ErrorClass::RateLimited,
            retry: Retry::BackOff,
            message: "too many calls".into(),
            retry_after: None,
        })
    }
}

#[async_trait]
impl ConversationSource for App {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.call(LIST).await?;
        let mut row = ConversationPatch::new(id(0));
        let mut listing = ListingPatch::at(Timestamp::from_secs(1_700_000_000));
        listing.is_pinned = Some(self.state.lock().unwrap().pinned.contains_key(&request.account));
        row.listing = Some(listing);
        let now = Some(Timestamp::from_secs(1_700_000_100));
        Ok(Page::new(vec![SourceRow::new(row)], None, now))
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let failed = request.ids.iter().map(|id| (id.clone(), SourceError::NotFound));
        Ok(Hydrated::new(Vec::new(), failed.collect()))
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

#[async_trait]
impl ConversationWriter for App {
    fn write_capabilities(&self) -> WriteCapabilities {
        WriteCapabilities::default()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        assert_eq!(request.call.kind(), WriteKind::Pin);
        self.call(TOP).await?;
        let mut state = self.state.lock().unwrap();
        state.pinned.entry(request.account.clone()).or_insert_with(Instant::now);
        Ok(Written::whole())
    }

    async fn look(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }

    async fn group_exists(&self, _: &ConversationId) -> Result<Option<bool>, SourceError> {
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn many_accounts_drain_at_the_limiters_rate_and_in_turn() {
    let count = std::env::var("CONV_ACCOUNTS").map_or(2_000, |text| text.parse().unwrap());
    let app = App::new();
    let database = Arc::new(MemoryDatabase::new());
    let builder = Accounts::builder(database, Arc::clone(&app)).writer(Arc::clone(&app));
    let accounts = builder.memory_budget(usize::MAX).build();
    let names: Vec<_> = (0..count).map(|at| account(format!("user_{at:05}"))).collect();
    let mut lists = Vec::new();
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        list.sync().await.unwrap();
        lists.push(list);
    }
    let pulls = app.state.lock().unwrap().calls[LIST];
    app.state.lock().unwrap().until_refused = Some(count / 2);

    let began = Instant::now();
    for list in &lists {
        list.pin_conversation(&id(0), true).await.unwrap();
    }
    while app.state.lock().unwrap().pinned.len() < count {
        sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let least = count as f64 / RATE;
    // The refusal holds the command for a second.
    assert!(took <= (least + 1.0) * 1.05, "took {took} s instead of {least} s");
    assert!(took >= least * 0.95, "faster than the limiter: {took} s");

    let (tops, pinned) = {
        let state = app.state.lock().unwrap();
        (state.calls[TOP], state.pinned.clone())
    };
    assert_eq!(tops, count + 1, "one call each, and one more after the refusal");
    // An account has its turn in the order in which it asked; only the one that was refused is late.
    let second = |at: usize| (pinned[&names[at]] - began).as_secs_f64();
    let late: Vec<_> =
        (0..count).filter(|at| (second(*at) - *at as f64 / RATE).abs() > 3.0).collect();
    assert!(late.len() <= 1, "{late:?}");

    // Passes have a command of their own: they did not take the turns of changes, nor wait for them.
    sleep(Duration::from_secs(600)).await;
    assert!(lists.iter().all(|list| list.pending().is_empty()));
    let calls = app.state.lock().unwrap().calls.clone();
    assert_eq!(calls[TOP], count + 1);
    assert!(calls[LIST] - pulls <= 2 * count, "{calls:?}");
}
