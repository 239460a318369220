//! One source for many accounts, each with a list of its own and troubles of its own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationSource, ErrorClass, SourceError,
    Timestamp,
    model::{Cursor, SkippedRow},
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, Retry,
        testing::{NOW, row},
    },
};
use tokio::sync::Semaphore;

const PAGE: usize = 10;

/// A failure of an account's calls for a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    #[default]
    None,
    /// Its UserSig is refused.
    Refused,
    /// It is asked to wait.
    RateLimited,
    /// The network fails.
    Lost,
    /// Every other call fails.
    Flaky,
    /// A row of each page cannot be read.
    BadRow,
    /// It gets no answer until the gate is opened.
    Gated,
}

/// All lists have the same conversations, at times of their own, and with names that tell whose
/// list it is.
#[derive(Debug)]
pub struct Clouds {
    clouds: Mutex<HashMap<AccountId, Cloud>>,
    /// Accounts in the order of their calls for a page.
    log: Mutex<Vec<AccountId>>,
    rng: Mutex<fastrand::Rng>,
    pub gate: Semaphore,
}

#[derive(Clone, Debug, Default)]
struct Cloud {
    rows: BTreeMap<ConversationId, u64>,
    trouble: Trouble,
    calls: usize,
}

impl Clouds {
    /// Lists of so many rows for some accounts.
    pub fn new(accounts: &[AccountId], rows: usize) -> Arc<Self> {
        let cloud = |number: u64| {
            let row = |n: usize| {
                let id = ConversationId::c2c(&format!("peer_{n:03}")).unwrap();
                (id, NOW.as_secs() - n as u64 * 1_000 - number)
            };
            Cloud { rows: (0..rows).map(row).collect(), ..Cloud::default() }
        };
        let clouds = (0..).zip(accounts).map(|(n, account)| (account.clone(), cloud(n)));
        Arc::new(Self {
            clouds: Mutex::new(clouds.collect()),
            log: Mutex::default(),
            rng: Mutex::new(fastrand::Rng::with_seed(7)),
            gate: Semaphore::new(0),
        })
    }

    pub fn trouble(&self, account: &AccountId, trouble: Trouble) {
        self.clouds().get_mut(account).unwrap().trouble = trouble;
    }

    /// A message comes in.
    pub fn touch(&self, account: &AccountId, peer: usize, seconds: u64) {
        let id = ConversationId::c2c(&format!("peer_{peer:03}")).unwrap();
        let time = NOW.as_secs() + seconds;
        self.clouds().get_mut(account).unwrap().rows.insert(id, time);
    }

    /// Returns what a list must show of an account: ID, time, name.
    pub fn truth(&self, account: &AccountId) -> Vec<(String, u64, String)> {
        let cloud = self.clouds().get(account).unwrap().clone();
        let mut rows: Vec<_> = cloud.rows.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows.into_iter().map(|(id, time)| (id.to_string(), time, name(account, &id))).collect()
    }

    /// Accounts in the order of their calls for a page.
    pub fn calls(&self) -> Vec<AccountId> {
        self.log.lock().unwrap().clone()
    }

    fn clouds(&self) -> MutexGuard<'_, HashMap<AccountId, Cloud>> {
        self.clouds.lock().unwrap()
    }

    async fn delay(&self) {
        let delay = self.rng.lock().unwrap().u64(1..40);
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

fn name(account: &AccountId, id: &ConversationId) -> String {
    format!("{id} of {account}")
}

#[async_trait]
impl ConversationSource for Clouds {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let account = &request.account;
        self.log.lock().unwrap().push(account.clone());
        let cloud = {
            let mut clouds = self.clouds();
            let cloud = clouds.get_mut(account).ok_or(SourceError::NotFound)?;
            cloud.calls += 1;
            cloud.clone()
        };
        self.delay().await;
        match cloud.trouble {
            Trouble::Refused => return Err(refused(70003, ErrorClass::Auth, Retry::Never)),
            Trouble::RateLimited => {
                return Err(refused(60007, ErrorClass::RateLimited, Retry::BackOff));
            }
            Trouble::Lost => return Err(SourceError::TimedOut),
            Trouble::Flaky if cloud.calls % 2 == 0 => return Err(SourceError::TimedOut),
            Trouble::Gated => self.gate.acquire().await.unwrap().forget(),
            _ => {}
        }
        let start = request.cursor.as_ref().map_or(0, |cursor| cursor.as_str().parse().unwrap());
        let rows = cloud.rows.iter().skip(start).take(PAGE);
        let rows = rows.map(|(id, time)| row(id.clone(), Timestamp::from_secs(*time))).collect();
        let next = start + PAGE;
        let next = (next < cloud.rows.len()).then(|| Cursor::new(next.to_string()));
        let mut page = Page::new(rows, next, Some(NOW));
        if cloud.trouble == Trouble::BadRow {
            page.skipped.push(SkippedRow::new(None, "bad row"));
        }
        Ok(page)
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.delay().await;
        let named = request.ids.iter().map(|id| {
            let mut patch = ConversationPatch::new(id.clone());
            patch.profile.name = Some(name(&request.account, id).into());
            patch.profile.read_at = Some(NOW);
            patch
        });
        Ok(Hydrated::new(named.collect(), Vec::new()))
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        if self.clouds().get(&request.account).is_some_and(|it| it.trouble == Trouble::Lost) {
            return Err(refused(50004, ErrorClass::Transient, Retry::BackOff));
        }
        let mut patch = ConversationPatch::new(request.id.clone());
        patch.profile.name = Some(name(&request.account, &request.id).into());
        patch.profile.read_at = Some(NOW);
        Ok(FullProfile::new(patch))
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

fn refused(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
    let retry_after = (class == ErrorClass::RateLimited).then_some(Duration::from_secs(60));
    let message = "refused, in canary-words".to_owned();
    SourceError::Cloud { code, class, retry, message, retry_after }
}
