//! A conversation as the recentcontact service names it in requests and replies: by `Type` and an ID.
//!
//! The field of a group's ID has three spellings, one for each family of commands: see
//! [`GroupField`].

use std::borrow::Cow;

use conv_model::{ConversationId, Peer};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use super::lenient::Lenient;
use crate::SourceError;

/// `Type` of a user's conversation and of a group's.
const USER: u8 = 1;
const GROUP: u8 = 2;

/// The field in which requests name a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rest) enum GroupField {
    /// `recentcontact/delete` (doc 43088), with a small `id`.
    ToGroupid,
    /// Marks and conversation groups (docs 53437 to 53442).
    ToGroupId,
    /// `recentcontact/top` (doc 78304), as in rows of the list.
    GroupId,
}

impl GroupField {
    fn as_str(self) -> &'static str {
        match self {
            Self::ToGroupid => "ToGroupid",
            Self::ToGroupId => "ToGroupId",
            Self::GroupId => "GroupId",
        }
    }
}

/// A conversation in a request: `{"Type":1,"To_Account":"u"}` or `{"Type":2,"ToGroupId":"g"}`.
#[derive(Clone, Copy, Debug)]
pub(in crate::rest) struct Contact<'a> {
    kind: u8,
    field: &'static str,
    id: &'a str,
}

impl<'a> Contact<'a> {
    /// Names a conversation.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`] for the system conversation: `Type` has no value for it.
    pub(in crate::rest) fn new(
        id: &'a ConversationId,
        group_field: GroupField,
    ) -> Result<Self, SourceError> {
        match id.peer() {
            Peer::User(user) => Ok(Self { kind: USER, field: "To_Account", id: user.as_str() }),
            Peer::Group(group) => {
                Ok(Self { kind: GROUP, field: group_field.as_str(), id: group.as_str() })
            }
            Peer::System => {
                let what = "changes of the system conversation".to_owned();
                Err(SourceError::Unsupported { what })
            }
        }
    }

    /// Returns what a reply has to name for this conversation to be meant.
    pub(super) fn key(&self) -> (u8, &'a str) {
        (self.kind, self.id)
    }
}

impl Serialize for Contact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Type", &self.kind)?;
        map.serialize_entry(self.field, self.id)?;
        map.end()
    }
}

/// A conversation in a reply, with its group in whichever of the spellings.
#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(rename = "Type", default)]
    kind: Lenient<i64>,
    #[serde(rename = "To_Account", default, borrow)]
    user: Lenient<Cow<'a, str>>,
    #[serde(rename = "ToGroupId", alias = "ToGroupid", alias = "GroupId", default, borrow)]
    group: Lenient<Cow<'a, str>>,
}

impl Named<'_> {
    /// Returns the conversation that is meant; `None` if that is not certain.
    pub(super) fn key(&self) -> Option<(u8, &str)> {
        match (&self.kind, &self.user, &self.group) {
            (Lenient::Given(1), Lenient::Given(user), _) => Some((USER, user)),
            (Lenient::Given(2), _, Lenient::Given(group)) => Some((GROUP, group)),
            // Without a type, the one ID that is there says enough.
            (Lenient::Absent, Lenient::Given(user), Lenient::Absent) => Some((USER, user)),
            (Lenient::Absent, Lenient::Absent, Lenient::Given(group)) => Some((GROUP, group)),
            _ => None,
        }
    }
}
