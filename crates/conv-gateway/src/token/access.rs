//! An access token and its content.

use std::fmt;

use conv_model::{AccountId, Timestamp};

/// An access token that was just made. `Debug` shows nothing of its text.
pub struct AccessToken {
    text: String,
    session: Session,
}

/// The login that an access token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The account that logged in.
    pub account: AccountId,
    /// The time when the token was made.
    pub issued_at: Timestamp,
    /// The first moment at which the token is no longer valid.
    pub expires_at: Timestamp,
    /// The first moment at which it cannot be renewed any more: the UserSig has expired.
    pub ends_at: Timestamp,
}

impl AccessToken {
    pub(super) fn new(text: String, session: Session) -> Self {
        Self { text, session }
    }

    /// Returns the text itself, which lets its holder act as the user until it expires: letters,
    /// digits, `-` and `_`.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Returns the login that it belongs to.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([REDACTED])")
    }
}
