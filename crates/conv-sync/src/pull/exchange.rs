//! What goes into a pass and what comes out of it.

use conv_model::{ConversationId, Cursor, Delta, Facet};
use serde::{Deserialize, Serialize};

use super::Delay;
use crate::{Groups, Hydrated, Page, SourceError};

/// What happened. Every effect but [`Effect::Done`] is answered by one input; a pause may be ended
/// by [`Input::Retry`] too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// A change was applied; these of its listed rows want a profile.
    Applied {
        /// [`Commit::wanting`](conv_model::Commit::wanting).
        wanting: Vec<ConversationId>,
    },
    /// A page came, or the call failed.
    Listed(Result<Page, SourceError>),
    /// Group names came, or the call failed.
    Named(Result<Groups, SourceError>),
    /// A facet came, or the call failed.
    Hydrated(Result<Hydrated, SourceError>),
    /// The pause of a line is over.
    Woke(Line),
    /// The device woke up, or its network is back: pauses end now, but for those that the cloud
    /// asked for, and what failed before is forgotten. A line whose pause ended is told so by its
    /// next effect.
    Retry,
    /// The pass is to stop.
    Cancel,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effect {
    /// Ask for a page.
    List {
        /// Where it begins; `None`: at the head.
        cursor: Option<Cursor>,
    },
    /// Ask for the names of the conversation groups.
    Name,
    /// Ask for a facet of some conversations of one kind.
    Hydrate {
        /// Which facet.
        facet: Facet,
        /// Which conversations.
        ids: Vec<ConversationId>,
    },
    /// Apply a change; the next one comes only after [`Input::Applied`].
    Apply(Box<Delta>),
    /// Pause a line.
    Wait {
        /// Which one.
        line: Line,
        /// For how long.
        delay: Delay,
    },
    /// The pass is over.
    Done,
}

/// A pass has at most one call in flight on each of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Line {
    /// Pages and group names.
    Listing,
    /// Profiles and other facets.
    Hydration,
}
