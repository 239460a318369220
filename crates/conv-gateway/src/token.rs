//! Access tokens, which a device shows instead of its UserSig.

mod access;
mod bytes;
mod error;
mod revocation;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

#[cfg(feature = "server")]
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use conv_model::{AccountId, Timestamp};
use conv_sync::{Claims, DerivedKey, SecretKey, UserSigVerifier};

use self::bytes::Body;

pub use self::{access::AccessToken, access::Session, error::TokenError, revocation::Revocations};

/// The purpose of the key that tokens are made with. Another version of the token has another key.
const LABEL: &str = "conv-gateway access token v1";
/// A UserSig may come from a clock that is ahead by this much, and no more.
const MAX_AHEAD: Duration = Duration::from_secs(600);

/// Trades UserSigs for access tokens, and checks these: pure, with the time as an argument, and
/// nothing is stored.
///
/// A UserSig lives for months and lets its holder send messages, so it travels once, at login. An access
/// token lives for 15 minutes, and only a gateway accepts it; it can be renewed for as long as the
/// UserSig holds. Every process with the app's key accepts the tokens of every other.
///
/// ```
/// use std::time::Duration;
///
/// use conv_gateway::AccessTokens;
/// use conv_model::Timestamp;
/// use conv_sync::UserSigSigner;
///
/// let now = Timestamp::from_secs(1_700_000_000);
/// let signer = UserSigSigner::new("alice", "a made-up key");
/// let user_sig = signer.sign(1_400_000_000, now, Duration::from_secs(86_400))?;
///
/// let tokens = AccessTokens::new(1_400_000_000, "a made-up key")?.administrators(["administrator"]);
/// let token = tokens.login("alice", user_sig.expose(), now)?;
/// let session = tokens.check(token.expose(), now)?;
/// assert_eq!(session.account.as_str(), "alice");
/// assert_eq!(session.expires_at, Timestamp::from_secs(1_700_000_900));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AccessTokens {
    sdk_app_id: u32,
    verifier: UserSigVerifier,
    key: DerivedKey,
    administrators: BTreeSet<String>,
    lifetime: Duration,
    max_age: Option<Duration>,
    revocations: Arc<dyn Revocations>,
}

impl AccessTokens {
    /// Makes tokens of an app with a key derived from the app's secret key.
    ///
    /// # Errors
    /// [`TokenError::Key`] if the key is empty or has a line break in it.
    pub fn new(sdk_app_id: u32, key: impl Into<SecretKey>) -> Result<Self, TokenError> {
        let secret: SecretKey = key.into();
        Ok(Self {
            sdk_app_id,
            key: secret.derive(LABEL).map_err(TokenError::Key)?,
            verifier: UserSigVerifier::new(sdk_app_id, secret),
            administrators: BTreeSet::new(),
            lifetime: Duration::from_secs(900),
            max_age: None,
            revocations: Arc::new(|_: &AccountId| None),
        })
    }

    /// Refuses these accounts: the app's administrators, whose UserSig can do everything.
    #[must_use]
    pub fn administrators(mut self, accounts: impl IntoIterator<Item: Into<String>>) -> Self {
        self.administrators.extend(accounts.into_iter().map(Into::into));
        self
    }

    /// Sets the lifetime of an access token: 15 minutes by default, at least a second.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.max(Duration::from_secs(1));
        self
    }

    /// Sets the maximum age of a UserSig, whatever its own lifetime; a login ends with it.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets the source of revocations of an account's UserSigs and tokens.
    #[must_use]
    pub fn revocations(mut self, revocations: impl Revocations) -> Self {
        self.revocations = Arc::new(revocations);
        self
    }

    /// Adds to the revocations: of two times the later one counts.
    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn also_revoked(mut self, more: impl Revocations) -> Self {
        let own = self.revocations;
        self.revocations = Arc::new(move |account: &AccountId| {
            own.not_before(account).max(more.not_before(account))
        });
        self
    }

    /// Returns the longest time from the issue of a UserSig, by a clock that may be ahead, to the end of
    /// the last token by it.
    #[cfg(feature = "server")]
    pub(crate) fn longest_login(&self) -> Duration {
        self.max_age.map_or(Duration::MAX, |age| age.saturating_add(MAX_AHEAD))
    }

    /// Trades a UserSig for an access token.
    ///
    /// # Errors
    /// [`TokenError::UserSig`] with the reason it is refused; [`TokenError::Administrator`],
    /// [`TokenError::Ahead`], [`TokenError::TooOld`] and [`TokenError::Revoked`] of a UserSig that is
    /// genuine.
    pub fn login(
        &self,
        user_id: &str,
        user_sig: &str,
        now: Timestamp,
    ) -> Result<AccessToken, TokenError> {
        // First the signature: until it is verified, every caller gets the same answer.
        let claims = self.verifier.verify(user_sig, user_id, now).map_err(TokenError::UserSig)?;
        let account = self.admitted(&claims, now)?;
        Ok(self.issue(account, now, self.until(&claims)))
    }

    /// Trades an access token for a newer one. The login ends where it would have ended.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn renew(&self, token: &str, now: Timestamp) -> Result<AccessToken, TokenError> {
        let session = self.check(token, now)?;
        Ok(self.issue(session.account, now, session.ends_at))
    }

    /// Checks an access token. Compares in constant time, and reads nothing of it before.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if it was not made here, for another app, or by another version;
    /// [`TokenError::Expired`], [`TokenError::Administrator`] or [`TokenError::Revoked`] if it was.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Session, TokenError> {
        let body = Body::open(token, &self.key).ok_or(TokenError::Invalid)?;
        if body.sdk_app_id != self.sdk_app_id {
            return Err(TokenError::Invalid);
        }
        let session = body.session;
        if now >= session.expires_at {
            return Err(TokenError::Expired);
        }
        self.refuse(&session)?;
        Ok(session)
    }

    /// Makes a newer token of a login, as [`renew`](Self::renew) does, for a line that is open.
    #[cfg(feature = "server")]
    pub(crate) fn extend(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<AccessToken, TokenError> {
        self.refuse(session)?;
        Ok(self.issue(session.account.clone(), now, session.ends_at))
    }

    /// Returns true if the tokens of a login count no more, although their time is not over.
    #[cfg(feature = "server")]
    pub(crate) fn is_revoked(&self, session: &Session) -> bool {
        self.refuse(session).is_err()
    }

    /// Returns a text that cannot be guessed and is not an access token, for a number that is used once.
    #[cfg(feature = "server")]
    pub(crate) fn ticket(&self, number: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.tag(format!("ticket {number}").as_bytes()))
    }

    /// Refuses accounts that are signed correctly and must not log in.
    fn admitted(&self, claims: &Claims, now: Timestamp) -> Result<AccountId, TokenError> {
        if self.administrators.contains(&claims.identifier) {
            return Err(TokenError::Administrator);
        }
        if claims.issued_at > now.plus_secs(MAX_AHEAD.as_secs()) {
            return Err(TokenError::Ahead);
        }
        if now >= self.until(claims) {
            return Err(TokenError::TooOld);
        }
        let account = claims.identifier.parse().map_err(|_| TokenError::Invalid)?;
        self.refuse_revoked(&account, claims.issued_at)?;
        Ok(account)
    }

    /// Refuses a login that was let in, and is not now.
    fn refuse(&self, session: &Session) -> Result<(), TokenError> {
        // It may have become an administrator since.
        if self.administrators.contains(session.account.as_str()) {
            return Err(TokenError::Administrator);
        }
        self.refuse_revoked(&session.account, session.issued_at)
    }

    fn refuse_revoked(&self, account: &AccountId, issued_at: Timestamp) -> Result<(), TokenError> {
        match self.revocations.not_before(account) {
            Some(not_before) if issued_at < not_before => Err(TokenError::Revoked),
            _ => Ok(()),
        }
    }

    /// The moment at which a login by this UserSig ends.
    fn until(&self, claims: &Claims) -> Timestamp {
        let oldest = self.max_age.map(|age| claims.issued_at.plus_secs(age.as_secs()));
        oldest.map_or(claims.expires_at(), |oldest| oldest.min(claims.expires_at()))
    }

    fn issue(&self, account: AccountId, now: Timestamp, ends_at: Timestamp) -> AccessToken {
        let expires_at = now.plus_secs(self.lifetime.as_secs()).min(ends_at);
        let session = Session { account, issued_at: now, expires_at, ends_at };
        Body { sdk_app_id: self.sdk_app_id, session }.seal(&self.key)
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("lifetime", &self.lifetime)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
