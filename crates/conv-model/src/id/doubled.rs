//! IDs that were given their prefix twice.

use super::{ConversationId, Peer};

impl ConversationId {
    /// Returns the ID that was probably meant where the userID or groupID in this one looks like a
    /// conversation ID itself, in the web's or the native SDKs' spelling; `None` for any other.
    ///
    /// `ConversationId::c2c("C2Calice")` is the usual slip: the function wants the userID. It is not
    /// refused, since the cloud lets a user be called `C2Calice`, and the SDK strips the first prefix
    /// alone. An app whose users have no such names can refuse or log what this finds.
    ///
    /// ```
    /// use conv_model::ConversationId;
    ///
    /// let slip = ConversationId::c2c("C2Calice")?;
    /// assert_eq!(slip.as_str(), "C2CC2Calice");
    /// assert_eq!(slip.doubled_prefix(), Some("C2Calice".parse()?));
    /// assert_eq!(ConversationId::c2c("alice")?.doubled_prefix(), None);
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    pub fn doubled_prefix(&self) -> Option<Self> {
        let text = match self.peer() {
            Peer::User(user) => user.as_str(),
            Peer::Group(group) => group.as_str(),
            Peer::System => return None,
        };
        text.parse().or_else(|_| Self::from_native(text)).ok()
    }
}
