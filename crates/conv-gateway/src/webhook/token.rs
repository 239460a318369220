//! The token that the console and the endpoint share.

use std::fmt;

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// The token of an app's webhooks, as set in the console. Removes blanks and line breaks around it,
/// which a file or an environment variable adds.
///
/// Wiped from memory when dropped; cannot be printed, serialised or cloned.
///
/// ```
/// use conv_gateway::webhook::Token;
///
/// let token = Token::new("xxxxyyyy")?;
/// assert_eq!(format!("{token:?}"), "Token([REDACTED])");
/// assert!(token.is_weak());
/// # Ok::<(), conv_gateway::webhook::TokenError>(())
/// ```
pub struct Token(SecretString);

/// The reason a text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is empty: every caller could sign with it.
    #[error("the webhook token is empty")]
    Empty,
}

/// A token of an app that can be guessed from one URL, offline. It holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("a webhook token of app {app} has {length} characters: use 32 random ones or more")]
#[non_exhaustive]
pub struct WeakToken {
    /// The app.
    pub app: u32,
    /// The number of characters of its token.
    pub length: usize,
}

impl Token {
    /// The least characters of a token that is not weak.
    pub const STRONG_LEN: usize = 32;

    /// Takes a token.
    ///
    /// # Errors
    /// [`TokenError::Empty`] if nothing but blanks is in it.
    pub fn new(text: impl Into<String>) -> Result<Self, TokenError> {
        let mut given = text.into();
        let token = SecretString::from(given.trim().to_owned());
        given.zeroize();
        match token.expose_secret() {
            "" => Err(TokenError::Empty),
            _ => Ok(Self(token)),
        }
    }

    /// Returns true if it is so short that it can be guessed.
    pub fn is_weak(&self) -> bool {
        self.length() < Self::STRONG_LEN
    }

    pub(super) fn length(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    /// Compares a signature with that of `time`, in constant time.
    pub(super) fn signed(&self, time: &str, sign: &[u8; 32]) -> Choice {
        let hash = Sha256::new().chain_update(self.0.expose_secret()).chain_update(time).finalize();
        hash.as_slice().ct_eq(sign)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([REDACTED])")
    }
}
