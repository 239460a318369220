//! Builds a gateway.

use std::{
    collections::BTreeSet,
    fmt,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use conv_api::{AccountId, Accounts, Timestamp};

use super::{
    Gateway,
    authorizer::Authorizer,
    failures::Failures,
    hooks::{Hooks, Webhooks},
    inbox::Inbox,
    interest::Interests,
    rates::{Allowance, Rates},
    revoked::Revoked,
    shared::{Shared, WallClock},
    stats::GatewayStats,
    stream::Streams,
};
use crate::{AccessTokens, Drain};

/// Builds a [`Gateway`]: who may call, from where, how often.
#[must_use = "makes nothing before `build`"]
pub struct GatewayBuilder {
    accounts: Accounts,
    tokens: AccessTokens,
    origins: BTreeSet<String>,
    authorizer: Option<Arc<dyn Authorizer>>,
    clock: WallClock,
    hops: usize,
    any_user: bool,
    requests: Allowance,
    cloud_calls: Allowance,
    login_failures: u32,
    kept_fresh: (NonZeroUsize, Duration),
    webhooks: Option<Webhooks>,
    drain: Option<Drain>,
    line_age: Duration,
    inbox: Option<Inbox>,
}

const MINUTE: Duration = Duration::from_secs(60);

impl GatewayBuilder {
    pub(super) fn new(accounts: Accounts, tokens: AccessTokens) -> Self {
        const REQUESTS: NonZeroU32 = NonZeroU32::new(600).unwrap();
        const KEPT_FRESH: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();
        const CLOUD_CALLS: NonZeroU32 = NonZeroU32::new(30).unwrap();
        Self {
            accounts,
            tokens,
            origins: BTreeSet::new(),
            authorizer: None,
            clock: Arc::new(system_time),
            hops: 0,
            any_user: false,
            requests: Allowance::new(REQUESTS, MINUTE),
            cloud_calls: Allowance::new(CLOUD_CALLS, MINUTE),
            login_failures: 10,
            kept_fresh: (KEPT_FRESH, MINUTE),
            webhooks: None,
            drain: None,
            line_age: 60 * MINUTE,
            inbox: None,
        }
    }

    /// Lets pages of these origins call, such as `https://chat.example.com`; none by default. `*` is
    /// no origin.
    pub fn origins(mut self, origins: impl IntoIterator<Item: Into<String>>) -> Self {
        self.origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// Lets accounts act for others under `/v1/accounts/{account}/…`, as `authorizer` decides. Without
    /// one there are no such paths.
    pub fn authorizer(self, authorizer: impl Authorizer) -> Self {
        Self { authorizer: Some(Arc::new(authorizer)), ..self }
    }

    /// Sets the clock by which tokens expire; the system's by default.
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the number of your own proxies in front of this server, each of which adds an address to
    /// `X-Forwarded-For`: the caller's is that many from the right. 0 by default: the address of the
    /// socket, which the server has to provide (`into_make_service_with_connect_info`).
    pub fn forwarded_hops(self, hops: usize) -> Self {
        Self { hops, ..self }
    }

    /// Lets a user read the profile of every other user of the app, as the SDK does, instead of those in
    /// his list alone. Chat groups stay those in his list.
    pub fn profiles_of_any_user(self, is_allowed: bool) -> Self {
        Self { any_user: is_allowed, ..self }
    }

    /// Sets how many calls an account may make; 600 per minute by default. Counted per process.
    ///
    /// An account that was idle may make the whole number at once. From then on one becomes free after each
    /// `window / count`: in the first window it can make up to twice the number, and in the long run the
    /// number per window. To bound each window by a number, set half of it.
    pub fn requests(self, count: NonZeroU32, window: Duration) -> Self {
        Self { requests: Allowance::new(count, window), ..self }
    }

    /// Sets how many calls of the cloud an account may cause by refreshing, by profiles and by first
    /// passes; 30 per minute by default. They become free as of [`requests`](Self::requests). Counted per
    /// process.
    pub fn cloud_calls(self, count: NonZeroU32, window: Duration) -> Self {
        Self { cloud_calls: Allowance::new(count, window), ..self }
    }

    /// Sets how many logins from one address may fail per minute before it has to wait; 10 by default.
    /// They never count against the account.
    pub fn login_failures(self, per_minute: u32) -> Self {
        Self { login_failures: per_minute, ..self }
    }

    /// Sets how many accounts are kept fresh after a call of theirs for the list or for a refresh, and for
    /// how long; 4,096 for a minute by default. Beyond that number, the one whose last call was longest ago
    /// is no longer kept fresh. Each stays loaded meanwhile, and its list is pulled when webhooks mark it.
    /// After a stream or a long poll an account is kept fresh for a minute, whatever their number.
    pub fn kept_fresh(self, accounts: NonZeroUsize, time: Duration) -> Self {
        Self { kept_fresh: (accounts, time), ..self }
    }

    /// Receives Tencent's webhooks at `POST /v1/hooks/tencent`, from the apps of a
    /// [`Verifier`](crate::webhook::Verifier); without this there is no such path. An event marks the
    /// lists that it concerns, of watched accounts.
    ///
    /// ```
    /// use conv_gateway::{
    ///     GatewayBuilder,
    ///     webhook::{App, Token, TokenError, Verifier},
    /// };
    ///
    /// fn with_webhooks(gateway: GatewayBuilder) -> Result<GatewayBuilder, TokenError> {
    ///     let token = Token::new("a token of at least 32 random characters")?; // as in the console
    ///     Ok(gateway.webhooks(Verifier::default().with_app(App::signed(1_400_000_000, token))))
    /// }
    /// ```
    pub fn webhooks(self, webhooks: impl Into<Webhooks>) -> Self {
        Self { webhooks: Some(webhooks.into()), ..self }
    }

    /// Ends streams when `drain` closes: each client gets `bye` and the time to come back, which spreads over ten
    /// seconds.
    pub fn drain(self, drain: Drain) -> Self {
        Self { drain: Some(drain), ..self }
    }

    /// Sets the maximum age of a stream, an hour by default: then the client gets `bye`, comes again and resumes.
    pub fn line_age(self, age: Duration) -> Self {
        Self { line_age: age, ..self }
    }

    /// Serves a page for people at `/inbox/`, beside `/v1`; without this there is no such path.
    ///
    /// The page logs in with a UserSig, shows the user's list, and changes it. It comes with a content
    /// security policy that lets it load its own files and call its own origin alone; see [`Inbox`].
    ///
    /// ```
    /// # use conv_gateway::{GatewayBuilder, Inbox};
    /// fn with_inbox(gateway: GatewayBuilder) -> GatewayBuilder {
    ///     gateway.inbox(Inbox::default())
    /// }
    /// ```
    pub fn inbox(self, inbox: Inbox) -> Self {
        Self { inbox: Some(inbox), ..self }
    }

    /// Returns the gateway. Nothing is read or called yet.
    pub fn build(self) -> Gateway {
        let stats = GatewayStats::new();
        let hooks = self.webhooks.map(|webhooks| {
            let (accounts, clock) = (self.accounts.clone(), Arc::clone(&self.clock));
            Arc::new(Hooks::new(accounts, webhooks, clock, stats.clone()))
        });
        let (capacity, time) = self.kept_fresh;
        let revoked = Revoked::new(self.accounts.signals(), self.tokens.longest_login());
        let known = Arc::clone(&revoked);
        let tokens = self.tokens.also_revoked(move |account: &AccountId| known.not_before(account));
        let shared = Shared {
            accounts: self.accounts,
            tokens,
            revoked,
            authorizer: self.authorizer,
            clock: self.clock,
            hops: self.hops,
            any_user: self.any_user,
            requests: Rates::new(self.requests),
            cloud_calls: Rates::new(self.cloud_calls),
            failures: Failures::new(self.login_failures),
            unknown: Default::default(),
            kept: Default::default(),
            ids: Default::default(),
            interests: Interests::new(capacity, time),
            hooks,
            stream: Streams::new(self.drain, self.line_age, stats.clone()),
            stats,
        };
        Gateway { shared: Arc::new(shared), origins: self.origins, inbox: self.inbox }
    }
}

fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_secs(since.map_or(0, |since| since.as_secs()))
}

impl fmt::Debug for GatewayBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayBuilder")
            .field("accounts", &self.accounts)
            .field("origins", &self.origins)
            .field("forwarded_hops", &self.hops)
            .finish_non_exhaustive()
    }
}
