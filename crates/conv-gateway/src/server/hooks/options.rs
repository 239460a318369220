//! The options of the endpoint.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::webhook::{Trust, Verifier};

/// The endpoint for Tencent's webhooks, `POST /v1/hooks/tencent`. See
/// [`GatewayBuilder::webhooks`](crate::GatewayBuilder::webhooks).
///
/// ```
/// use conv_gateway::{
///     Webhooks,
///     webhook::{App, Token, Verifier},
/// };
///
/// let token = Token::new("a token of at least 32 random characters")?;
/// let verifier = Verifier::default().with_app(App::signed(1_400_000_000, token));
/// // The URL to set in the console ends with /v1/hooks/tencent/7c1e….
/// let webhooks = Webhooks::new(verifier).with_path_secret("7c1e…");
/// # Ok::<(), conv_gateway::webhook::TokenError>(())
/// ```
#[must_use = "does nothing before it is given to a builder"]
pub struct Webhooks {
    pub(super) verifier: Verifier,
    path_secret: Option<SecretString>,
    pub(super) trust: Trust,
}

impl Webhooks {
    /// Lets in the calls that `verifier` verifies.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, path_secret: None, trust: Trust::default() }
    }

    /// Refuses calls whose path does not end with `secret`, as in `/v1/hooks/tencent/{secret}`, whatever
    /// their signature. Use letters and digits: one segment of a URL. An empty text sets none.
    pub fn with_path_secret(self, secret: impl Into<String>) -> Self {
        let secret = Some(secret.into()).filter(|secret| !secret.is_empty());
        Self { path_secret: secret.map(SecretString::from), ..self }
    }

    /// Sets how far the facts in events are believed until a pass has read them; not at all by default.
    /// Above that, who can send events can also show a message that was never sent, for a minute at most:
    /// keep the webhooks' token and URL from others.
    pub fn with_trust(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// Compares the end of a path with the secret, in constant time.
    pub(super) fn is_secret(&self, given: Option<&str>) -> bool {
        match (&self.path_secret, given) {
            (None, given) => given.is_none(),
            (Some(_), None) => false,
            (Some(secret), Some(given)) => {
                // Hashes have one length: the time says nothing of the secret's.
                let [secret, given] = [secret.expose_secret(), given].map(Sha256::digest);
                secret.as_slice().ct_eq(given.as_slice()).into()
            }
        }
    }
}

impl From<Verifier> for Webhooks {
    fn from(verifier: Verifier) -> Self {
        Self::new(verifier)
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("verifier", &self.verifier)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
