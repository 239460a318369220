//! The other side of a gateway: a device that keeps its user's list itself.

mod ended;
mod follow;
mod http;
mod login;
mod parts;
mod refusal;
mod source;
mod sse;
mod url;
mod wire;
mod writer;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use conv_model::{AccountId, Cursor};
use conv_sync::Upstream;
use reqwest::Client;

pub use self::{follow::Follow, login::UserSigs, url::GatewayUrlError};
use self::{http::Http, login::Logins, url::Url};

/// A gateway as the cloud of a conv on a device: reads and changes the list of the user who logs in.
///
/// It is a [`ConversationSource`](conv_sync::ConversationSource) and a
/// [`ConversationWriter`](conv_sync::ConversationWriter). The device keeps rows, drafts and changes in a
/// store of its own, shows them while it is offline, and asks for what changed since it last asked. The
/// list is complete only if the gateway's is.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use conv_gateway::GatewaySource;
/// use conv_model::AccountId;
/// use conv_sync::{UserSig, UserSigError};
///
/// async fn user_sig(account: AccountId) -> Result<UserSig, UserSigError> {
///     // The app's own backend signs for whom it knows.
///     UserSig::parse(format!("eJw…{}", account.as_str()))
/// }
///
/// let gateway = GatewaySource::new("https://chat.example.com/chat", user_sig)?;
/// // Accounts::builder(database, gateway.clone()).writer(gateway) of conv-api
/// # let _ = Arc::new(gateway);
/// # Ok::<(), conv_gateway::GatewayUrlError>(())
/// ```
///
/// Each account logs in by itself: the callback is asked for a UserSig when none of its access tokens
/// can be renewed. Tokens are kept in memory and appear in no `Debug` and no error.
///
/// Answers of a gateway are not trusted: they are bounded in size, and a row that cannot be read is
/// reported and left out.
#[derive(Clone)]
pub struct GatewaySource {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    logins: Logins,
    options: Options,
    /// The position and the number of rows of each account's last answer, from which a line goes on.
    positions: Mutex<BTreeMap<AccountId, Place>>,
}

type Place = (Cursor, Option<u64>);

/// The maximum number of accounts whose positions are kept.
const MAX_POSITIONS: usize = 1_000;

impl Shared {
    fn position(&self, account: &AccountId) -> Option<Place> {
        let positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        positions.get(account).cloned()
    }

    fn note(&self, account: &AccountId, upstream: &Upstream) {
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        if positions.len() >= MAX_POSITIONS {
            positions.clear();
        }
        if let Some(position) = upstream.position.clone() {
            positions.insert(account.clone(), (position, upstream.conversations));
        }
    }
}

/// The times that a client waits.
#[derive(Clone, Copy, Debug)]
struct Options {
    /// For a change to end at the gateway, until the sender asks again.
    ended_within: Duration,
    connect: Duration,
    read: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ended_within: Duration::from_secs(20),
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
        }
    }
}

/// Builds a [`GatewaySource`].
pub struct GatewaySourceBuilder {
    url: Url,
    user_sigs: Arc<dyn UserSigs>,
    client: Option<Client>,
    options: Options,
}

impl GatewaySource {
    /// Makes a client of the gateway at a URL, the prefix under which its router is mounted and without
    /// `/v1`.
    ///
    /// # Errors
    /// If the URL is not one of `https:` with a host, or of `http:` on this machine.
    pub fn new(url: &str, user_sigs: impl UserSigs) -> Result<Self, GatewayUrlError> {
        Ok(Self::builder(url, user_sigs)?.build())
    }

    /// Starts building a client of the gateway at a URL.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    pub fn builder(
        url: &str,
        user_sigs: impl UserSigs,
    ) -> Result<GatewaySourceBuilder, GatewayUrlError> {
        let (url, user_sigs) = (Url::parse(url)?, Arc::new(user_sigs));
        Ok(GatewaySourceBuilder { url, user_sigs, client: None, options: Options::default() })
    }
}

impl GatewaySourceBuilder {
    /// Uses an HTTP client of the embedder, whose time limits, proxies and redirects then apply.
    #[must_use]
    pub fn client(self, client: Client) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets how long a write waits for its change to end at the gateway, 20 seconds by default: a
    /// gateway may take 15 to see that the cloud's list shows it. After that the sender asks again, with
    /// the same `Idempotency-Key`.
    #[must_use]
    pub fn ended_within(mut self, time: Duration) -> Self {
        self.options.ended_within = time;
        self
    }

    /// Builds the client.
    pub fn build(self) -> GatewaySource {
        let Self { url, user_sigs, client, options } = self;
        let http = Http::new(url, client, options);
        let shared =
            Shared { http, logins: Logins::new(user_sigs), options, positions: Mutex::default() };
        GatewaySource { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for GatewaySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySource").finish_non_exhaustive()
    }
}

impl fmt::Debug for GatewaySourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySourceBuilder").finish_non_exhaustive()
    }
}
