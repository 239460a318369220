//! UserSig: the token that tells the cloud who calls.
//!
//! Tencent's scheme is TLSSigAPIv2. Five lines of claims are signed with the app's secret key
//! (HMAC-SHA256); claims and signature become a JSON object, that becomes zlib, and that becomes
//! base64 with three characters replaced, so that the token needs no escaping in a URL.
//!
//! Everything here is pure: the time comes in, nothing is sent.

mod claims;
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
    claims::Claims, error::UserSigError, key::SecretKey, signer::UserSigSigner,
    verifier::UserSigVerifier,
};
use self::{claims::Signed, encoding::MAX_TEXT};

/// A UserSig and what it says of itself. `Debug` shows the claims and never the text.
pub struct UserSig {
    text: SecretString,
    claims: Claims,
}

impl UserSig {
    /// Takes a UserSig that another process made, such as the embedder's key server. Its claims
    /// are read; whether the signature is right only the holder of the key can tell:
    /// [`UserSigVerifier`]. Blanks, line breaks, a byte order mark and quotes around it are left off.
    ///
    /// # Errors
    /// If the text is no UserSig: too long, another encoding, or without the claims.
    pub fn parse(text: impl Into<String>) -> Result<Self, UserSigError> {
        let mut given = text.into();
        let text = SecretString::from(tidy::tidy(&given).to_owned());
        given.zeroize();
        let claims = Signed::decode(text.expose_secret())?.claims();
        Ok(Self { text, claims })
    }

    /// The text itself: whoever has it acts as the user until it expires.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What it says of itself.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The most bytes a UserSig may have.
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
