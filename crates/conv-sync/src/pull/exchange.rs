//! The inputs and effects of a pass.

use conv_model::{ConversationId, Cursor, Delta, Facet, Seq};
use serde::{Deserialize, Serialize};

use super::Delay;
use crate::{Changes, Groups, Hydrated, Page, SourceError};

/// The number of a call within its pass. A retried call keeps its number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CallId(u32);

impl CallId {
    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An event for the machine. One input answers every effect but [`Effect::Done`]; [`Input::Retry`]
/// may end a pause as well.
///
/// An answer carries `asked`: the number of the last stored write that the driver knew when it sent
/// the question. Anything another writer stored after that is newer than the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// A change was applied.
    Applied {
        /// The listed rows that need a profile:
        /// [`Commit::needs_profile`](conv_model::Commit::needs_profile).
        needs_profile: Vec<ConversationId>,
    },
    /// A page came, or the call failed.
    Listed {
        /// The call.
        call: CallId,
        /// The last stored write known when the call was sent.
        asked: Seq,
        /// The answer.
        answer: Result<Page, SourceError>,
    },
    /// The changes since a position came, or the call failed.
    Changed {
        /// The call.
        call: CallId,
        /// The last stored write known when the call was sent.
        asked: Seq,
        /// The answer.
        answer: Result<Changes, SourceError>,
    },
    /// Group names came, or the call failed.
    Named {
        /// The call.
        call: CallId,
        /// The last stored write known when the call was sent.
        asked: Seq,
        /// The answer.
        answer: Result<Groups, SourceError>,
    },
    /// A facet came, or the call failed.
    Hydrated {
        /// The call.
        call: CallId,
        /// The last stored write known when the call was sent.
        asked: Seq,
        /// The answer.
        answer: Result<Hydrated, SourceError>,
    },
    /// The pause of a call is over.
    Woke(CallId),
    /// The device woke up, or its network is back. Pauses end now, except those that the cloud
    /// asked for, and all calls get their retries back. The returned effects send the calls whose
    /// pauses ended.
    Retry,
    /// Stop the pass.
    Cancel,
}

/// An action for the driver. At most one call for a page or for changes, one for group names and four facet calls
/// are open at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effect {
    /// Ask for a page.
    List {
        /// The number of the call.
        call: CallId,
        /// The start of the page; `None` for the head of the list.
        cursor: Option<Cursor>,
    },
    /// Ask for the changes since a position.
    Changes {
        /// The number of the call.
        call: CallId,
        /// The position.
        since: Cursor,
    },
    /// Ask for the names of the conversation groups.
    Name {
        /// The number of the call.
        call: CallId,
    },
    /// Ask for a facet of some conversations of one kind.
    Hydrate {
        /// The number of the call.
        call: CallId,
        /// The facet.
        facet: Facet,
        /// The conversations.
        ids: Vec<ConversationId>,
    },
    /// Apply a change; the next one comes only after [`Input::Applied`].
    Apply(Box<Delta>),
    /// Pause a call that failed; [`Input::Woke`] ends the pause.
    Wait {
        /// The call.
        call: CallId,
        /// The length of the pause.
        delay: Delay,
    },
    /// The pass is over.
    Done,
}
