//! The state of an account's list compared with the cloud's.

mod report;
mod state;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

pub use self::{
    report::{
        Coverage, Facet, FailedFacet, ListLimit, PassFailure, PassStatus, Phase, SkippedRow,
        SyncReport,
    },
    state::{
        Checkpoint, Finished, Superseded, SyncScope, SyncState, SyncStep, UpstreamEnd,
        UpstreamPosition,
    },
};

/// The number of a pass of one account: each begun pass has a greater one than all before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct PassId(u64);

impl PassId {
    /// Before any pass.
    pub const NONE: Self = Self(0);

    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The number of the pass to begin after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A place in a cloud's listing: a text that means something to its source alone.
///
/// A source puts a version of its own into it, and never the device's clock.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(Arc<str>);

impl Cursor {
    /// From a source's text.
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

/// The names of an account's conversation groups by the cloud's number, and when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupNames {
    /// Name by number.
    pub names: BTreeMap<u64, Arc<str>>,
    /// The time at which they were read, by the cloud's clock; `None` if never, or if the cloud gave no time.
    pub read_at: Option<Timestamp>,
    /// Numbers of rows that had no name when their pass ended, the greatest [`Self::MAX_UNNAMED`]. They
    /// save calls, and no store keeps them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unnamed: BTreeSet<u64>,
}

impl GroupNames {
    /// The maximum number of [`unnamed`](Self::unnamed) numbers: 64.
    pub const MAX_UNNAMED: usize = 64;

    /// Names read at a moment, or at one that the cloud did not give.
    pub fn new(
        names: impl IntoIterator<Item = (u64, Arc<str>)>,
        read_at: Option<Timestamp>,
    ) -> Self {
        Self { names: names.into_iter().collect(), read_at, unnamed: BTreeSet::new() }
    }
}
