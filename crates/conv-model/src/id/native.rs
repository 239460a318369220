//! The native SDKs' spelling: `c2c_alice`, `group_g1`.

use super::{ConversationId, ParseIdError, Peer};

impl ConversationId {
    /// Reads the spelling of the native SDKs (Android, iOS, Flutter, Unity, C++).
    ///
    /// The prefix alone is mapped: a user called `my_c2c_x` keeps the name.
    ///
    /// ```
    /// use conv_model::ConversationId;
    ///
    /// let id = ConversationId::from_native("c2c_my_c2c_x")?;
    /// assert_eq!(id.as_str(), "C2Cmy_c2c_x");
    /// assert_eq!(id.to_native().as_deref(), Some("c2c_my_c2c_x"));
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseIdError::Empty`] or [`ParseIdError::UnknownPrefix`] without one of the two native
    /// prefixes, else what
    /// [`ConversationId::c2c`] and [`ConversationId::group`] refuse.
    pub fn from_native(text: &str) -> Result<Self, ParseIdError> {
        if let Some(user) = text.strip_prefix("c2c_") {
            Self::c2c(user)
        } else if let Some(group) = text.strip_prefix("group_") {
            Self::group(group)
        } else if text.is_empty() {
            Err(ParseIdError::Empty)
        } else {
            Err(ParseIdError::UnknownPrefix)
        }
    }

    /// The native spelling; `None` for the system conversation, which native lists do not have.
    pub fn to_native(&self) -> Option<String> {
        match self.peer() {
            Peer::User(user) => Some(format!("c2c_{user}")),
            Peer::Group(group) => Some(format!("group_{group}")),
            Peer::System => None,
        }
    }
}
