//! The changes that a writer supports, and those that a pass shows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::WriteKind;

/// The changes that a writer supports, their number per call, and those that a pass shows
/// afterwards.
///
/// ```
/// use conv_sync::{WriteCapabilities, WriteKind};
///
/// let capabilities = WriteCapabilities::default();
/// assert_eq!(capabilities.batch(WriteKind::Pin), 50);
/// assert!(capabilities.is_listed(WriteKind::Mark));
/// assert!(!capabilities.is_listed(WriteKind::Remind));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WriteCapabilities {
    /// The kinds of calls that it offers.
    pub kinds: BTreeSet<WriteKind>,
    /// The kinds whose effect a pass shows. A mutation of another kind is done when the cloud
    /// acknowledged it. [`WriteKind::Read`] is among them if a pass can read the facet
    /// [`Unread`](conv_model::Facet::Unread) of users.
    pub listed: BTreeSet<WriteKind>,
    /// The maximum number of conversations in a call that pins: 50 by default, the pin limit.
    pub pins: usize,
    /// The maximum number of conversations in a call that sets marks or custom data: 100 by
    /// default.
    pub items: usize,
    /// The maximum number of conversations in a call that changes a conversation group: 100 by
    /// default.
    pub members: usize,
    /// The app whose cloud it writes to, by its `SDKAppID`, where there is such a number: a mutation
    /// that was accepted for another app is held.
    pub app: Option<u64>,
}

impl Default for WriteCapabilities {
    /// Every kind, with Tencent's limits.
    fn default() -> Self {
        Self::of(WriteKind::ALL)
    }
}

impl WriteCapabilities {
    /// Some kinds alone, with Tencent's limits. Those that a pass shows are among the listed.
    pub fn of(kinds: impl IntoIterator<Item = WriteKind>) -> Self {
        let kinds: BTreeSet<_> = kinds.into_iter().collect();
        let unlisted = [WriteKind::ReadGroup, WriteKind::Remind];
        let listed = kinds.iter().copied().filter(|kind| !unlisted.contains(kind)).collect();
        Self { kinds, listed, pins: 50, items: 100, members: 100, app: None }
    }

    /// Returns the maximum number of conversations in one call of a kind, at least 1.
    pub fn batch(&self, kind: WriteKind) -> usize {
        match kind {
            WriteKind::Pin => self.pins.max(1),
            WriteKind::Mark | WriteKind::CustomData => self.items.max(1),
            WriteKind::CreateGroup | WriteKind::Members => self.members.max(1),
            _ => 1,
        }
    }

    /// Returns true if a pass shows what calls of a kind set.
    pub fn is_listed(&self, kind: WriteKind) -> bool {
        self.listed.contains(&kind)
    }
}
