//! A mutation in a call.

use conv_model::{Pending, Slot, Timestamp};
use serde::{Deserialize, Serialize};

/// A mutation in a call: the same in each attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentMutation {
    /// The slot whose value it sets. No other mutation of the call sets it.
    pub slot: Slot,
    /// Its number, never given to another mutation of this list.
    pub number: u64,
    /// The time at which it was accepted, by the device's clock; `None` if the device has no clock.
    pub queued_at: Option<Timestamp>,
}

impl SentMutation {
    /// The mutation in a call that is pending.
    pub fn of(pending: &Pending) -> Self {
        Self { slot: pending.mutation.slot(), number: pending.number, queued_at: pending.queued_at }
    }
}
