//! The check of a call.

use std::{collections::BTreeMap, time::Duration};

use conv_model::Timestamp;
use subtle::Choice;

use super::{
    Call, Refusal, Token, WeakToken,
    call::{Proof, digits},
    percent::hex_32,
};

/// The digits that a `RequestTime` may have. Anything longer or other could be the padding of a
/// length extension: the signature is a plain hash, not an HMAC.
const MAX_TIME_DIGITS: usize = 12;

/// Verifies calls of any number of apps. A call of an app that it does not have is refused.
///
/// A repeated `Sign` is not a replay by itself: all events of one second carry the same.
///
/// ```
/// use conv_gateway::webhook::{App, Refusal, Token, Verifier};
/// use conv_model::Timestamp;
///
/// let verifier = Verifier::default().with_app(App::signed(1_400_000_000, Token::new("xxxxyyyy")?));
/// let query = "SdkAppid=1400000000&CallbackCommand=State.StateChange&RequestTime=1669872112\
///     &Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
/// assert!(verifier.verify(query, Timestamp::from_secs(1_669_872_172)).is_ok());
/// let later = Timestamp::from_secs(1_669_872_173);
/// assert_eq!(verifier.verify(query, later), Err(Refusal::Stale));
/// # Ok::<(), conv_gateway::webhook::TokenError>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    apps: BTreeMap<u32, App>,
    window: Duration,
}

/// An app, and the proof that its calls need.
#[derive(Debug)]
pub struct App {
    id: u32,
    /// Empty: no signature is asked for.
    tokens: Vec<Token>,
    admin: Option<String>,
}

impl App {
    /// An app whose calls are signed with `token`, as set in the console.
    pub fn signed(id: u32, token: Token) -> Self {
        Self { id, tokens: vec![token], admin: None }
    }

    /// An app whose calls need no signature. Only behind mutual TLS or in a private network: every
    /// client that reaches the endpoint is believed.
    pub fn unsigned(id: u32) -> Self {
        Self { id, tokens: Vec::new(), admin: None }
    }

    /// Adds a second token that is accepted as well. The console holds one, and a change of it takes
    /// minutes: keep the old one until then. On an app without signature, calls must be signed from
    /// now on.
    #[must_use]
    pub fn with_other_token(mut self, token: Token) -> Self {
        self.tokens.push(token);
        self
    }

    /// Sets the app's administrator in whose name this backend calls the cloud, to know the echoes of
    /// its own calls.
    #[must_use]
    pub fn with_admin(mut self, admin: impl Into<String>) -> Self {
        self.admin = Some(admin.into());
        self
    }

    fn check(&self, proof: &Proof, window: u64, now: Timestamp) -> Result<(), Refusal> {
        if self.tokens.is_empty() {
            return Ok(());
        }
        let sign = proof.sign.as_deref().ok_or(Refusal::NoSign)?;
        let time = proof.time.as_deref().ok_or(Refusal::NoTime)?;
        let time = digits(time).filter(|time| time.len() <= MAX_TIME_DIGITS);
        let time = time.ok_or(Refusal::BadTime)?;
        let sign = hex_32(sign).ok_or(Refusal::BadSign)?;
        // Every token is compared, so the time taken does not say which one fits.
        let none = Choice::from(0);
        let fits = self.tokens.iter().fold(none, |fits, token| fits | token.signed(time, &sign));
        if !bool::from(fits) {
            return Err(Refusal::BadSign);
        }
        // Last, so that a refusal by time means a clock or a replay, and never a forgery.
        let time = time.parse().map(Timestamp::from_secs).map_err(|_| Refusal::BadTime)?;
        match () {
            () if now > time.plus_secs(window) => Err(Refusal::Stale),
            () if time > now.plus_secs(window) => Err(Refusal::Future),
            () => Ok(()),
        }
    }
}

impl Verifier {
    /// The window unless another is set: the cloud's advice.
    pub const WINDOW: Duration = Duration::from_secs(60);

    /// Adds an app, or replaces the one of the same ID.
    #[must_use]
    pub fn with_app(mut self, app: App) -> Self {
        self.apps.insert(app.id, app);
        self
    }

    /// Sets how far `RequestTime` may be from now, in whole seconds. A wider window forgives a wrong
    /// clock, and lets an overheard URL be used for longer.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Verifies a query, the part of a URL after `?`, and returns its values. It must not be logged.
    ///
    /// # Errors
    /// The first [`Refusal`] that applies. The signature is judged before the time.
    pub fn verify(&self, query: &str, now: Timestamp) -> Result<Call, Refusal> {
        let (call, proof) = Call::with_proof(query)?;
        let app = self.apps.get(&call.app).ok_or(Refusal::WrongApp)?;
        app.check(&proof, self.window.as_secs(), now)?;
        Ok(call)
    }

    /// Returns the administrator of an app, if one was set: an argument of
    /// [`Event::marks`](super::Event::marks).
    pub fn admin(&self, app: u32) -> Option<&str> {
        self.apps.get(&app)?.admin.as_deref()
    }

    /// Returns the tokens that are too short, to warn of at the start.
    pub fn weak_tokens(&self) -> impl Iterator<Item = WeakToken> {
        self.apps.values().flat_map(|app| {
            let weak = app.tokens.iter().filter(|token| token.is_weak());
            weak.map(|token| WeakToken { app: app.id, length: token.length() })
        })
    }
}

impl Default for Verifier {
    /// No app yet: every call is refused.
    fn default() -> Self {
        Self { apps: BTreeMap::new(), window: Self::WINDOW }
    }
}
