//! userIDs.

use std::fmt;

use super::{ParseIdError, printable::printable};

/// A userID: 1–32 bytes of printable ASCII (0x20–0x7E), case-sensitive (cloud error 7003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId<'a>(&'a str);

impl<'a> UserId<'a> {
    /// The most bytes a userID may have.
    pub const MAX_LEN: usize = 32;

    /// Checks a userID.
    ///
    /// # Errors
    /// [`ParseIdError::EmptyUserId`], [`ParseIdError::UserIdTooLong`] or
    /// [`ParseIdError::NotPrintable`].
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, ParseIdError> {
        if text.is_empty() {
            return Err(ParseIdError::EmptyUserId);
        }
        if text.len() > Self::MAX_LEN {
            return Err(ParseIdError::UserIdTooLong);
        }
        printable(text)?;
        Ok(Self(text))
    }

    /// For a text that was checked before.
    pub(super) const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl AsRef<str> for UserId<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for UserId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
