//! Access tokens: each is taken for a UserSig, renewed while that holds, and asked for again.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex as SyncMutex, PoisonError},
    time::Duration,
};

use conv_model::AccountId;
use conv_sync::{SourceError, UserSig};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::Instant};

use super::{
    Shared,
    http::{Answer, Call, protocol},
    wire,
};

/// A token is renewed this long before it ends, so that none ends on its way.
const MARGIN: Duration = Duration::from_secs(60);
/// The maximum number of accounts whose tokens are kept.
const MAX_ACCOUNTS: usize = 1_000;
const MAX_TOKEN: usize = 4_096;

/// Gives UserSigs to log in with; each async function that takes an account and returns one does.
#[async_trait::async_trait]
pub trait UserSigs: Send + Sync + 'static {
    /// Returns a UserSig of an account that holds now, such as the app's own backend makes for its
    /// users.
    ///
    /// # Errors
    /// Any: the pass or the write then fails as not authorised, with this cause.
    async fn user_sig(&self, account: &AccountId) -> Result<UserSig, Box<dyn Error + Send + Sync>>;
}

#[async_trait::async_trait]
impl<F, A, E> UserSigs for F
where
    F: Fn(AccountId) -> A + Send + Sync + 'static,
    A: Future<Output = Result<UserSig, E>> + Send,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    async fn user_sig(&self, account: &AccountId) -> Result<UserSig, Box<dyn Error + Send + Sync>> {
        self(account.clone()).await.map_err(Into::into)
    }
}

pub(super) struct Logins {
    user_sigs: Arc<dyn UserSigs>,
    accounts: SyncMutex<BTreeMap<AccountId, Arc<Mutex<Option<Token>>>>>,
}

#[derive(Clone)]
pub(super) struct Token {
    text: Arc<SecretString>,
    /// From then on it is renewed.
    fresh_until: Instant,
    /// From then on it cannot be renewed.
    login_until: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginData {
    access_token: String,
    expires_at: u64,
    login_ends_at: u64,
    server_time: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login<'a> {
    #[serde(rename = "userID")]
    user_id: &'a str,
    user_sig: &'a str,
}

impl Token {
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text)
    }

    /// Reads the answer to a login that was sent at a moment. Its times are the server's: only their
    /// differences count.
    fn of(body: &[u8], sent: Instant) -> Result<Self, SourceError> {
        let data: LoginData = wire::data(body)?;
        if data.access_token.is_empty() || data.access_token.len() > MAX_TOKEN {
            return Err(protocol("an access token of odd length"));
        }
        let day = 86_400;
        let life = |end: u64| Duration::from_secs(end.saturating_sub(data.server_time).min(day));
        let (life, login) = (life(data.expires_at), life(data.login_ends_at));
        Ok(Self {
            text: Arc::new(data.access_token.into()),
            fresh_until: sent + life.saturating_sub(MARGIN.min(life / 2)),
            login_until: sent + login,
        })
    }
}

impl Logins {
    pub(super) fn new(user_sigs: Arc<dyn UserSigs>) -> Self {
        Self { user_sigs, accounts: SyncMutex::default() }
    }

    fn account(&self, account: &AccountId) -> Arc<Mutex<Option<Token>>> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= MAX_ACCOUNTS && !accounts.contains_key(account) {
            accounts.clear();
        }
        Arc::clone(accounts.entry(account.clone()).or_default())
    }
}

impl Shared {
    /// Sends a call for an account: logs in if need be, and once more if the token is refused.
    pub(super) async fn call(
        &self,
        account: &AccountId,
        call: &Call<'_>,
    ) -> Result<Answer, SourceError> {
        let token = self.token(account, None).await?;
        match self.http.send(call, token.expose()).await {
            Err(error) if is_token_refused(&error) => {
                let token = self.token(account, Some(&token)).await?;
                self.http.send(call, token.expose()).await
            }
            answer => answer,
        }
    }

    /// Returns a token that holds, other than the refused one. Calls of an account log in one after the
    /// other, so that they do it once.
    pub(super) async fn token(
        &self,
        account: &AccountId,
        refused: Option<&Token>,
    ) -> Result<Token, SourceError> {
        let slot = self.logins.account(account);
        let mut slot = slot.lock().await;
        let now = Instant::now();
        let held = slot.clone().filter(|held| !refused.is_some_and(|refused| held.is(refused)));
        if let Some(held) = &held {
            if now < held.fresh_until {
                return Ok(held.clone());
            }
        }
        let renewable = held.filter(|held| now < held.login_until);
        let renewed = match &renewable {
            Some(held) => self.renewed(held).await,
            None => None,
        };
        let token = match renewed {
            Some(token) => token,
            None => self.logged_in(account).await?,
        };
        *slot = Some(token.clone());
        Ok(token)
    }

    /// Returns the next token; `None` if a login has to bring it.
    async fn renewed(&self, held: &Token) -> Option<Token> {
        let call = Call { method: Method::POST, path: "/login/renew", body: None, key: None };
        let sent = Instant::now();
        let answer = self.http.send(&call, held.expose()).await.ok()?;
        Token::of(&answer.body, sent).ok()
    }

    async fn logged_in(&self, account: &AccountId) -> Result<Token, SourceError> {
        let user_sig = self.logins.user_sigs.user_sig(account).await;
        let user_sig = user_sig.map_err(|cause| SourceError::Signer(Arc::from(cause)))?;
        let login = Login { user_id: account.as_str(), user_sig: user_sig.expose() };
        let call = Call::post("/login", &login);
        let sent = Instant::now();
        let answer = self.http.send(&call, "").await.map_err(|error| without(error, &user_sig))?;
        Token::of(&answer.body, sent)
    }
}

/// Takes a UserSig out of the words of a refusal.
fn without(error: SourceError, user_sig: &UserSig) -> SourceError {
    match error {
        SourceError::Cloud { code, class, retry, message, retry_after } => {
            let message = message.replace(user_sig.expose(), "[REDACTED]");
            // Shortened, it may have a part of it.
            let is_clean = !message.contains(user_sig.expose().get(..12).unwrap_or("eJ"));
            let message = if is_clean { message } else { "login refused".to_owned() };
            SourceError::Cloud { code, class, retry, message, retry_after }
        }
        error => error,
    }
}

/// Returns true for an answer to a token that is not valid, or no longer.
pub(super) fn is_token_refused(error: &SourceError) -> bool {
    const NOT_LOGGED_IN: i32 = 2024;
    /// The account was logged out; a new UserSig may log it in.
    const REVOKED: i32 = 3006;
    match error {
        SourceError::Cloud { code, .. } => matches!(*code, NOT_LOGGED_IN | REVOKED),
        SourceError::Http { status, .. } => *status == 401,
        _ => false,
    }
}
