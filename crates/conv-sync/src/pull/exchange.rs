//! What goes into a pass and what comes out of it.

use conv_model::{ConversationId, Cursor, Delta, Facet, Seq};
use serde::{Deserialize, Serialize};

use super::Delay;
use crate::{Groups, Hydrated, Page, SourceError};

/// The number of a call within its pass. A call that is tried again keeps its number.
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

/// What happened. Every effect but [`Effect::Done`] is answered by one input; a pause may be ended
/// by [`Input::Retry`] too.
///
/// An answer carries `asked`: the number of the last stored write that the driver knew as it sent
/// the question. What another writer stored after that is newer than the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// A change was applied; these of its listed rows want a profile.
    Applied {
        /// [`Commit::needs_profile`](conv_model::Commit::needs_profile).
        wanting: Vec<ConversationId>,
    },
    /// A page came, or the call failed.
    Listed {
        /// Which call.
        call: CallId,
        /// The last stored write known when it was sent.
        asked: Seq,
        /// What came.
        answer: Result<Page, SourceError>,
    },
    /// Group names came, or the call failed.
    Named {
        /// Which call.
        call: CallId,
        /// The last stored write known when it was sent.
        asked: Seq,
        /// What came.
        answer: Result<Groups, SourceError>,
    },
    /// A facet came, or the call failed.
    Hydrated {
        /// Which call.
        call: CallId,
        /// The last stored write known when it was sent.
        asked: Seq,
        /// What came.
        answer: Result<Hydrated, SourceError>,
    },
    /// The pause of a call is over.
    Woke(CallId),
    /// The device woke up, or its network is back: pauses end now, but for those that the cloud
    /// asked for, and earlier failures are forgotten. The next effects send the calls whose
    /// pauses ended.
    Retry,
    /// The pass is to stop.
    Cancel,
}

/// What is to be done. At most one page, one reading of group names and four readings of facets
/// are open at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effect {
    /// Ask for a page.
    List {
        /// Under this number.
        call: CallId,
        /// Where it begins; `None`: at the head.
        cursor: Option<Cursor>,
    },
    /// Ask for the names of the conversation groups.
    Name {
        /// Under this number.
        call: CallId,
    },
    /// Ask for a facet of some conversations of one kind.
    Hydrate {
        /// Under this number.
        call: CallId,
        /// Which facet.
        facet: Facet,
        /// Which conversations.
        ids: Vec<ConversationId>,
    },
    /// Apply a change; the next one comes only after [`Input::Applied`].
    Apply(Box<Delta>),
    /// Pause a call that failed; [`Input::Woke`] ends the pause.
    Wait {
        /// Which call.
        call: CallId,
        /// For how long.
        delay: Delay,
    },
    /// The pass is over.
    Done,
}
