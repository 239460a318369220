//! IDs of accounts.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The account whose conversation list is kept: any text of 1–255 bytes.
///
/// Stores accept every such text. A source may require more: Tencent's REST API needs a userID.
///
/// ```
/// use conv_model::AccountId;
///
/// let account: AccountId = "user_0001".parse()?;
/// assert_eq!(account.as_str(), "user_0001");
/// assert!("".parse::<AccountId>().is_err());
/// assert!(std::collections::BTreeSet::from([account]).contains("user_0001"));
/// # Ok::<(), conv_model::AccountIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Arc<str>);

/// The reason a string is not a valid account ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AccountIdError {
    /// The text is empty.
    #[error("account ID is empty")]
    Empty,
    /// The text has more than 255 bytes.
    #[error("account ID is longer than 255 bytes")]
    TooLong,
}

impl AccountId {
    /// The most bytes an account ID may have.
    pub const MAX_LEN: usize = 255;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        match text.len() {
            0 => Err(AccountIdError::Empty),
            1..=Self::MAX_LEN => Ok(Self(Arc::from(text))),
            _ => Err(AccountIdError::TooLong),
        }
    }
}

impl TryFrom<&str> for AccountId {
    type Error = AccountIdError;

    fn try_from(text: &str) -> Result<Self, AccountIdError> {
        text.parse()
    }
}

impl TryFrom<String> for AccountId {
    type Error = AccountIdError;

    fn try_from(text: String) -> Result<Self, AccountIdError> {
        text.parse()
    }
}

impl AsRef<str> for AccountId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Equal, ordered and hashed as its text, so a map keyed by accounts can be searched with a `&str`.
impl Borrow<str> for AccountId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<AccountId> for String {
    fn from(account: AccountId) -> Self {
        account.as_str().to_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
