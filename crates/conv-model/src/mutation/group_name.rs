//! Names of conversation groups.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of a conversation group that is created or changed: 1–32 bytes, compared byte by byte.
///
/// Rows show names as the cloud gives them, whatever their length.
///
/// ```
/// use conv_model::{GroupName, GroupNameError};
///
/// let name: GroupName = "Suppliers".parse()?;
/// assert_eq!(name.as_str(), "Suppliers");
/// assert_eq!("".parse::<GroupName>(), Err(GroupNameError::Empty));
/// # Ok::<(), GroupNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(Arc<str>);

/// The reason a text is not a group's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum GroupNameError {
    /// The text is empty.
    #[error("group name is empty")]
    Empty,
    /// The text has more than 32 bytes.
    #[error("group name is longer than 32 bytes")]
    TooLong,
}

impl GroupName {
    /// The maximum number of bytes (doc 53437; the cloud's code for more is 51011).
    pub const MAX_LEN: usize = 32;

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text, shared.
    pub fn as_arc(&self) -> &Arc<str> {
        &self.0
    }
}

impl FromStr for GroupName {
    type Err = GroupNameError;

    fn from_str(text: &str) -> Result<Self, GroupNameError> {
        match text.len() {
            0 => Err(GroupNameError::Empty),
            1..=Self::MAX_LEN => Ok(Self(text.into())),
            _ => Err(GroupNameError::TooLong),
        }
    }
}

impl TryFrom<&str> for GroupName {
    type Error = GroupNameError;

    fn try_from(text: &str) -> Result<Self, GroupNameError> {
        text.parse()
    }
}

impl TryFrom<String> for GroupName {
    type Error = GroupNameError;

    fn try_from(text: String) -> Result<Self, GroupNameError> {
        text.parse()
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> Self {
        name.as_str().to_owned()
    }
}

impl AsRef<str> for GroupName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Equal, ordered and hashed as its text, so a map keyed by names can be searched with a `&str`.
impl Borrow<str> for GroupName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
