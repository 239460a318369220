//! The options of a `RestSource`.

use std::{sync::Arc, time::Duration};

use reqwest::Client;

use super::{
    BaseUrl, RestSource, Signer,
    caller::Caller,
    clients::{Clients, Timeouts},
    cloud_time::CloudTime,
    sig_cache::SigCache,
    write::{Edition, MarkBase},
};
use crate::{LocalRateLimiter, RateLimiter, RequestCounts};

/// Builds a [`RestSource`].
///
/// ```
/// use std::time::Duration;
///
/// use conv_sync::{BaseUrl, RestSource, UserSigSigner};
///
/// let signer = UserSigSigner::new("administrator", "a made-up key");
/// let base: BaseUrl = "http://127.0.0.1:8080".parse()?;
/// let source = RestSource::builder(base, 1_400_000_000, signer)
///     .timeout(Duration::from_secs(10))
///     .retention(Duration::from_secs(7 * 24 * 3600))
///     .build();
/// # let _ = source;
/// # Ok::<(), conv_sync::BaseUrlError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is built before `build`"]
pub struct RestSourceBuilder {
    base: BaseUrl,
    sdk_app_id: u32,
    signer: Box<dyn Signer>,
    client: Option<Client>,
    connect_timeout: Duration,
    read_timeout: Duration,
    timeout: Duration,
    limiter: Option<Arc<dyn RateLimiter>>,
    options: Options,
}

/// The options of the calls' content.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) labels: bool,
    pub(super) user_fields: Vec<String>,
    pub(super) group_fields: Vec<String>,
    pub(super) retention: Option<u64>,
    pub(super) read_groups: bool,
}

impl RestSourceBuilder {
    pub(super) fn new(base: BaseUrl, sdk_app_id: u32, signer: Box<dyn Signer>) -> Self {
        Self {
            base,
            sdk_app_id,
            signer,
            client: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(20),
            limiter: None,
            options: Options {
                labels: true,
                user_fields: Vec::new(),
                group_fields: Vec::new(),
                retention: None,
                read_groups: false,
            },
        }
    }

    /// Sets the embedder's own HTTP client: for a proxy, other TLS roots, or a shared pool. Its
    /// connect and read timeouts, redirects and proxies apply; the timeout of the [whole
    /// call](Self::timeout) and the cap on the answer's size apply as well. Do not let it follow
    /// redirects or log URLs: they hold the UserSig. The retry of a reading call whose connection
    /// broke may use another idle connection of this client.
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the timeout for connecting: 5 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the timeout for an answer that stalls: 10 seconds by default. The cloud's own limit is
    /// 3 seconds.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets the timeout of a call, including signing but not the wait for the [rate
    /// limiter](Self::rate_limiter): 20 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the limiter that keeps calls under the cloud's rate: by default a [`LocalRateLimiter`]
    /// of the source's own. Sources of one SDKAppID should share one.
    ///
    /// If the cloud refuses a call as too many (codes 60007, 60011, 60018, 60019, 60022, 10006 and
    /// 10023, or HTTP status 429), the source holds back further calls of its command for one second,
    /// or for the answer's `Retry-After`, at most ten seconds.
    pub fn rate_limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sets whether to ask for marks, custom data and conversation groups: yes by default. Without,
    /// stored values stay, and neither `groups` nor changes of marks and groups are offered. Marks and
    /// groups need the Pro edition or higher.
    pub fn marks_and_groups(mut self, wanted: bool) -> Self {
        self.options.labels = wanted;
        self
    }

    /// Sets the app's own user fields to read with full profiles: tags such as
    /// `Tag_Profile_Custom_Shop`. The cloud refuses a tag that is not defined (code 40009).
    pub fn user_fields<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.options.user_fields = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the app's own group fields to read with full profiles, by their keys.
    pub fn group_fields<T: Into<String>>(mut self, keys: impl IntoIterator<Item = T>) -> Self {
        self.options.group_fields = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the time that the app's edition keeps a conversation after its last message, in whole
    /// seconds: unknown by default. Tencent's editions have 7, 30 or 90 days, or longer for a fee.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.options.retention = Some(retention.as_secs());
        self
    }

    /// Sets whether groups can be marked as read: no by default.
    ///
    /// It is best effort. The cloud has no call for it but one that sets the *number* of unread
    /// messages, made for migration (`set_unread_msg_num`, doc 34909): a message that arrives between
    /// the newest pass and the call is lost from the count, other devices of the account do not hear
    /// of it, and in Meetings and AVChatRooms nothing happens.
    pub fn read_groups(mut self, wanted: bool) -> Self {
        self.options.read_groups = wanted;
        self
    }

    /// Builds the source. If the HTTP client cannot be built, for example without TLS roots, every
    /// call of the source returns an error that says so.
    pub fn build(self) -> RestSource {
        let timeouts = Timeouts { connect: self.connect_timeout, read: self.read_timeout };
        let caller = Caller {
            clients: self.client.map_or_else(|| Clients::new(timeouts), Clients::of),
            base: self.base.to_url(),
            sdk_app_id: self.sdk_app_id,
            sigs: SigCache::new(self.signer, self.sdk_app_id),
            time: CloudTime::default(),
            timeout: self.timeout,
            limiter: self.limiter.unwrap_or_else(|| Arc::new(LocalRateLimiter::default())),
            requests: RequestCounts::default(),
        };
        RestSource {
            caller,
            options: self.options,
            edition: Edition::default(),
            mark_base: MarkBase::default(),
        }
    }
}
