//! Topics of communities.

use super::{ConversationId, GroupId, GroupIdKind, ParseIdError, group::TOPIC_INFIX};

impl ConversationId {
    /// Returns the conversation of a community's topic, from the community's groupID and the part
    /// of the topic ID after `@TOPIC#_`. [`group`](Self::group) takes a whole topic ID.
    ///
    /// ```
    /// use conv_model::ConversationId;
    ///
    /// let topic = ConversationId::topic("@TGS#_123", "news")?;
    /// assert_eq!(topic, ConversationId::group("@TGS#_123@TOPIC#_news")?);
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseIdError::NotCommunity`] if `community` is any other groupID, also a topic's; else what
    /// [`GroupId::parse`] refuses.
    pub fn topic(community: &str, topic: &str) -> Result<Self, ParseIdError> {
        if GroupId::parse(community)?.kind() != GroupIdKind::Community {
            return Err(ParseIdError::NotCommunity);
        }
        Self::group(&[community, TOPIC_INFIX, topic].concat())
    }
}
