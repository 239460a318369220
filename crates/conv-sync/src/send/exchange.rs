//! The inputs and effects of a sender.

use std::{sync::Arc, time::Duration};

use conv_model::{Conversation, ConversationId, Outbox, PassId, Progress, Timestamp};
use serde::{Deserialize, Serialize};

use super::FinishedPass;
use crate::{Groups, SourceError, WriteCall, Written, pull::Delay};

/// The number of a call or of a pause of a sender. None is used twice.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SendId(u64);

impl SendId {
    /// Returns the number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    pub(super) fn next(&mut self) -> Self {
        self.0 = self.0.saturating_add(1);
        *self
    }
}

/// The list and its outbox at one instant, as a sender sees them.
pub trait SendView: Send + Sync {
    /// Returns the outbox.
    fn outbox(&self) -> &Outbox;

    /// Returns a row as the cloud last sent it, without pending mutations.
    fn base(&self, id: &ConversationId) -> Option<Arc<Conversation>>;

    /// Returns whether the rows are all that the cloud has, so that a row which is missing is gone there:
    /// no pass is incomplete, and no limit cuts the list. Where that is not known, it is `false`.
    fn has_all_rows(&self) -> bool {
        false
    }

    /// Returns whether any row is in a conversation group, as the cloud said it last.
    fn has_members(&self, group: &str) -> bool;

    /// Returns the time by the clock that [`queued_at`](conv_model::Pending::queued_at) is of; `None`
    /// without such a clock.
    fn wall_time(&self) -> Option<Timestamp>;

    /// Returns the number of the newest pass that has begun; `None` where passes have no numbers. It
    /// is kept with an acknowledgement, so that a later process can tell which pass began after it.
    fn newest_pass(&self) -> Option<PassId> {
        None
    }
}

/// An event for the sender.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SendInput {
    /// The sender starts, or its outbox was changed by its owner.
    Changed,
    /// The progress that was given last is stored: the view shows it.
    Applied,
    /// A call was answered.
    Written {
        /// The call.
        call: SendId,
        /// The answer.
        answer: Result<Written, SourceError>,
    },
    /// The conversation groups were read, or that failed.
    Looked {
        /// The call.
        call: SendId,
        /// The answer.
        answer: Result<Groups, SourceError>,
    },
    /// A group was looked at, or that failed.
    GroupLooked {
        /// The call.
        call: SendId,
        /// Whether it exists; `None` if that cannot be said.
        answer: Result<Option<bool>, SourceError>,
    },
    /// A pause is over.
    Woke(SendId),
    /// A pass is complete: the view's rows are as the cloud listed them at some moment after it
    /// began.
    PassFinished(FinishedPass),
    /// A pass stored the unread state of some conversations. Comes before the pass is finished.
    UnreadRead {
        /// When the pass began, on the driver's clock.
        began: Duration,
        /// The conversations; those without a mutation that marks them as read may be left out.
        ids: Vec<ConversationId>,
    },
    /// The app's account is repaired: held mutations are sent again.
    Release,
    /// The device woke up, or its network is back: pauses end now, except those that the cloud
    /// asked for.
    Retry,
    /// The driver is a new one: calls in flight were abandoned, and it is not known whether the last
    /// progress was stored.
    Abandoned,
}

/// An action for the driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SendEffect {
    /// Store how far mutations have come, in this order and in one write: [`SendInput::Applied`]
    /// follows. The next progress comes only after that.
    Progress(Vec<(u64, Progress)>),
    /// Make a call; [`SendInput::Written`] follows. At most one of each kind is in flight.
    Call {
        /// The number for the answer.
        call: SendId,
        /// The change to write.
        write: WriteCall,
    },
    /// Read the conversation groups that exist; [`SendInput::Looked`] follows.
    Look {
        /// The number for the answer.
        call: SendId,
    },
    /// Ask whether the group of a conversation exists; [`SendInput::GroupLooked`] follows.
    LookAtGroup {
        /// The number for the answer.
        call: SendId,
        /// The conversation.
        id: ConversationId,
    },
    /// Wait, and then say [`SendInput::Woke`].
    Wait {
        /// The number of the pause.
        pause: SendId,
        /// The length of the pause.
        delay: Delay,
    },
    /// Have a pass made, beginning now or later: [`SendInput::PassFinished`] follows in the end.
    Pass,
}
