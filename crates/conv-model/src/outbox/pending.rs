//! One mutation on its way.

use serde::{Deserialize, Serialize};

use crate::{Mutation, MutationFailure, PassId, Timestamp};

/// A mutation, and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pending {
    /// Its number: greater than that of every mutation accepted before. An answer of the cloud is
    /// taken for the number that was sent, so that it cannot end a later mutation of the same slot.
    pub number: u64,
    /// The mutation.
    pub mutation: Mutation,
    /// The state of the mutation.
    pub state: PendingState,
    /// The time at which it was accepted, by the caller's clock; `None` if the caller has no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Timestamp>,
    /// The number of times that it was sent.
    #[serde(default)]
    pub attempts: u32,
    /// True if the cloud may have applied it, or the one that it replaced, although nothing was
    /// acknowledged: an answer was lost. The value in the list is then no reason to drop it.
    #[serde(default)]
    pub is_uncertain: bool,
    /// The reason that it is held, has failed, or has to be sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<MutationFailure>,
    /// The time at which the cloud acknowledged it, while it is settling; `None` also if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// True if another value of its slot was settling beside it: a stale read may show the value before
    /// that, and agree by accident.
    #[serde(default, skip_serializing_if = "is_false")]
    pub follows_another: bool,
    /// The app whose cloud it was accepted for, where that is known; its `SDKAppID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<u64>,
    /// True if it is held because it was accepted for another app than the one in use. The list does not
    /// show it then, and no other mutation takes its place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_foreign: bool,
}

/// The moment at which the cloud acknowledged a mutation, and what passes said of it since. It is
/// stored, so that a later process can judge as the one that sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Acknowledgement {
    /// The newest pass that had begun; one with a greater number began later. `None` if that is not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<PassId>,
    /// The time by the clock of the sender's device; `None` without such a clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The first pass that began late enough to count and showed another value, or the number of a
    /// later one; [`PassId::NONE`] if its number is not known. A second one ends the mutation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disagreed: Option<PassId>,
}

impl Acknowledgement {
    /// An acknowledgement, with which no pass has disagreed.
    pub fn new(pass: Option<PassId>, at: Option<Timestamp>) -> Self {
        Self { pass, at, disagreed: None }
    }
}

fn is_false(is_it: &bool) -> bool {
    !is_it
}

/// The state of a pending mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PendingState {
    /// It waits to be sent, for the first time or again.
    Queued,
    /// A call is under way.
    Sending,
    /// The cloud acknowledged it, and no listing has shown it yet.
    Settling,
    /// The app's account in the cloud is at fault, not the mutation: it waits for that to be mended.
    Held,
    /// The cloud refused it for good. It shows no more, and stays until it is dropped or retried, or
    /// until [`Outbox::MAX_FAILED`](crate::Outbox::MAX_FAILED) others failed after it.
    Failed,
}

impl PendingState {
    /// Returns true if the list shows the mutation's value.
    pub fn is_shown(self) -> bool {
        self != Self::Failed
    }

    /// Returns true if it waits to be sent, now or when the account is mended.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Queued | Self::Held)
    }
}

impl Pending {
    /// A mutation that was just accepted.
    pub fn new(number: u64, mutation: Mutation, queued_at: Option<Timestamp>) -> Self {
        Self {
            number,
            mutation,
            state: PendingState::Queued,
            queued_at,
            attempts: 0,
            is_uncertain: false,
            failure: None,
            acknowledged: None,
            follows_another: false,
            app: None,
            is_foreign: false,
        }
    }

    /// Returns true if the list shows its value.
    pub fn is_shown(&self) -> bool {
        self.state.is_shown() && !self.is_foreign
    }

    /// Returns true if it can be taken back: nothing of it can have reached the cloud.
    pub fn is_unsent(&self) -> bool {
        self.state.is_waiting() && !self.is_uncertain
    }
}
