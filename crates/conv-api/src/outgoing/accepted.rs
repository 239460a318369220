//! The answer to a change of several conversations.

use conv_model::{ConversationId, ErrorClass};
use serde::Serialize;

use super::Change;
use crate::Error;

/// The answer to a change of several conversations: as JSON, the `data` of the SDK's answer.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Accepted {
    /// The conversations whose change was accepted: it is durable, and the list shows it.
    #[serde(rename = "successConversationIDList")]
    pub success_conversation_id_list: Vec<ConversationId>,
    /// The conversations that stay as they are, with the reason.
    #[serde(rename = "failureConversationIDList")]
    pub failure_conversation_id_list: Vec<FailedConversation>,
    /// The changes that were accepted, to follow them. Of a conversation group that is created, the
    /// group itself is the first.
    #[serde(skip)]
    pub changes: Vec<Change>,
}

/// A conversation that stays as it is.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FailedConversation {
    /// The conversation.
    #[serde(rename = "conversationID")]
    pub conversation_id: ConversationId,
    /// The web SDK's or the cloud's number where one has it, such as 2500 or 51012. See
    /// [`Error::code`].
    pub code: i32,
    /// The description of the error.
    pub message: String,
    /// The class of the error; not in the SDK's JSON.
    #[serde(skip)]
    pub class: ErrorClass,
}

impl FailedConversation {
    /// A conversation that stays as it is, with the kind of error, a number and words.
    pub fn new(
        conversation_id: ConversationId,
        class: ErrorClass,
        code: i32,
        message: impl Into<String>,
    ) -> Self {
        Self { conversation_id, code, message: message.into(), class }
    }

    /// A conversation that stays as it is, with the error of its call.
    pub fn of(conversation_id: ConversationId, error: &Error) -> Self {
        Self::new(conversation_id, error.class(), error.code(), error.to_string())
    }
}

/// The answer to a change that is of no conversation, or of one.
impl From<Change> for Accepted {
    fn from(change: Change) -> Self {
        Self {
            success_conversation_id_list: change
                .mutation()
                .conversation_id()
                .cloned()
                .into_iter()
                .collect(),
            failure_conversation_id_list: Vec::new(),
            changes: vec![change],
        }
    }
}

impl Accepted {
    /// Returns true if nothing had to be sent: the cloud's list, as it was read a moment ago, has every
    /// value that was accepted.
    pub fn is_unchanged(&self) -> bool {
        self.changes.iter().all(Change::is_unchanged)
    }

    /// Puts the results of several calls together, each for one conversation.
    ///
    /// # Errors
    /// The first one, if nothing was accepted.
    pub fn of(
        results: impl IntoIterator<Item = (ConversationId, Result<Change, Error>)>,
    ) -> Result<Self, Error> {
        let mut accepted = Self {
            success_conversation_id_list: Vec::new(),
            failure_conversation_id_list: Vec::new(),
            changes: Vec::new(),
        };
        let mut first = None;
        for (id, result) in results {
            match result {
                Ok(change) => {
                    accepted.success_conversation_id_list.push(id);
                    accepted.changes.push(change);
                }
                Err(error) => {
                    accepted.failure_conversation_id_list.push(FailedConversation::of(id, &error));
                    first.get_or_insert(error);
                }
            }
        }
        match first.filter(|_| accepted.changes.is_empty()) {
            Some(error) => Err(error),
            None => Ok(accepted),
        }
    }
}
