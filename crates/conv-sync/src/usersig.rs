//! UserSig: the token that authenticates a caller to the cloud.
//!
//! Tencent's scheme is TLSSigAPIv2. Five lines of claims are signed with the app's secret key
//! (HMAC-SHA256); claims and signature become a JSON object, that becomes zlib, and that becomes
//! base64 with three characters replaced, so that the token needs no escaping in a URL.
//!
//! Everything here is pure: the time is an argument, and nothing is sent.

mod claims;
mod derived;
mod encoding;
mod error;
mod key;
mod signer;
mod tidy;
mod verifier;

use std::fmt;

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

#[cfg(feature = "rest")]
pub(crate) use self::tidy::tidy;
pub use self::{
    claims::Claims, derived::DerivedKey, error::UserSigError, key::SecretKey,
    signer::UserSigSigner, verifier::UserSigVerifier,
};
use self::{claims::Signed, encoding::MAX_TEXT};

/// A UserSig and its claims. `Debug` shows the claims and never the text.
pub struct UserSig {
    text: SecretString,
    claims: Claims,
}

impl UserSig {
    /// Parses a UserSig that another process made, such as the embedder's key server. Reads its
    /// claims without checking the signature; that takes the key: [`UserSigVerifier`]. Removes
    /// blanks, line breaks, a byte order mark and quotes around the text.
    ///
    /// # Errors
    /// If the text is not a UserSig: too long, another encoding, or without the claims.
    pub fn parse(text: impl Into<String>) -> Result<Self, UserSigError> {
        let mut given = text.into();
        let text = SecretString::from(tidy::tidy(&given).to_owned());
        given.zeroize();
        let claims = Signed::decode(text.expose_secret())?.claims();
        Ok(Self { text, claims })
    }

    /// Returns the text itself, which lets its holder act as the user until it expires.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The maximum bytes of a UserSig.
    pub const MAX_LEN: usize = MAX_TEXT;
}

impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSig").field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl fmt::Display for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserSig of {}", self.claims.identifier.escape_debug())
    }
}
