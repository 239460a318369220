//! The log of the writes that commands applied.

use super::{MsgFlag, World, unknown};
use crate::Error;

/// The newest writes that the log of an account keeps.
pub(super) const MAX_LOGGED: usize = 10_000;

/// A write that a command applied to one item of an account's list.
///
/// A call of several items has an entry for each that did not fail. A call whose answer was lost
/// has its entries too, and one that is applied late has them from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// `service/command`, for instance `recentcontact/top`.
    pub command: &'static str,
    /// The cloud's time, in seconds, at which it was applied.
    pub time: u64,
    /// The change.
    pub change: Change,
    /// `false` if everything was so already, as after a repeated call.
    pub changed: bool,
}

/// The change that a write makes. Conversations are named as the web SDK names them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names of the fields say all")]
pub enum Change {
    /// The conversation left the list, and its history was cleared or not.
    Deleted { conversation: String, history: bool },
    /// The conversation was pinned.
    Pinned { conversation: String },
    /// The conversation was unpinned.
    Unpinned { conversation: String },
    /// Marks were set and cleared, as sets of bits in which the star is 1.
    Marked { conversation: String, set: u64, clear: u64 },
    /// The custom text was set, or taken away if it is empty.
    CustomMark { conversation: String, text: String },
    /// A conversation group was created.
    GroupCreated { group: String },
    /// A conversation group was renamed, or merged into the other one.
    GroupRenamed { from: String, to: String },
    /// A conversation group was deleted.
    GroupDeleted { group: String },
    /// The conversation was put into a conversation group.
    Added { conversation: String, group: String },
    /// The conversation was taken out of a conversation group.
    Removed { conversation: String, group: String },
    /// The conversation lost its place to another one: in a group, or with its marks and custom
    /// text if `group` is `None`.
    Evicted { conversation: String, group: Option<String> },
    /// The conversation was read up to this second.
    Read { conversation: String, until: u64 },
    /// The unread count of the conversation was set.
    Unread { conversation: String, count: u32 },
    /// The account's notifications of a chat group were set.
    MsgFlag { conversation: String, flag: MsgFlag },
}

impl Change {
    /// The conversation it is about; `None` for a conversation group as a whole.
    pub fn conversation(&self) -> Option<&str> {
        match self {
            Self::Deleted { conversation, .. }
            | Self::Pinned { conversation }
            | Self::Unpinned { conversation }
            | Self::Marked { conversation, .. }
            | Self::CustomMark { conversation, .. }
            | Self::Added { conversation, .. }
            | Self::Removed { conversation, .. }
            | Self::Evicted { conversation, .. }
            | Self::Read { conversation, .. }
            | Self::Unread { conversation, .. }
            | Self::MsgFlag { conversation, .. } => Some(conversation),
            Self::GroupCreated { .. } | Self::GroupRenamed { .. } | Self::GroupDeleted { .. } => {
                None
            }
        }
    }
}

impl World {
    /// Returns the writes that commands applied to an account, oldest first: the newest 10,000 of
    /// them. Changes made through a [`World`] are not among them.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn writes(&self, account: &str) -> Result<Vec<Applied>, Error> {
        let mut state = self.lock();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        Ok(account.writes.iter().cloned().collect())
    }

    /// Empties the log of an account's writes.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn forget_writes(&self, account: &str) -> Result<(), Error> {
        let mut state = self.lock();
        state.account(account).ok_or_else(|| unknown(account))?.writes.clear();
        Ok(())
    }
}
