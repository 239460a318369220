//! A change of an outbox, as a store takes it.

use super::{Capacity, Progress};
use crate::{Limits, Mutation, Timestamp};

/// A change of an account's outbox: whole or not at all.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutboxChange {
    /// Accepts mutations.
    Enqueue(Enqueue),
    /// Stores the progress of mutations, by their numbers.
    Progress(Vec<(u64, Progress)>),
}

/// Mutations to accept, in order: all of them or none.
///
/// ```
/// use conv_model::{ConversationId, Enqueue, Mutation, OutboxChange, Timestamp};
///
/// let pin = Mutation::Pin { id: ConversationId::c2c("alice")?, is_pinned: true };
/// let mut enqueue = Enqueue::new([pin]);
/// enqueue.queued_at = Some(Timestamp::from_secs(1_700_000_000));
/// let change = OutboxChange::from(enqueue);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Enqueue {
    /// The mutations. Each is checked against the list as the ones before it leave it.
    pub mutations: Vec<Mutation>,
    /// The time at which they are accepted, by the caller's clock; `None` if the caller has no
    /// clock.
    pub queued_at: Option<Timestamp>,
    /// The app whose cloud they are for, by its `SDKAppID`: they are not sent to another one's. `None`
    /// if any will do.
    pub app: Option<u64>,
    /// True if the list says what the cloud has at this moment, so that a mutation whose value it shows
    /// already need not be sent. True by default; false for a list that may be older.
    pub trusts_list: bool,
    /// The cloud's limits.
    pub limits: Limits,
    /// The capacity of the outbox.
    pub capacity: Capacity,
}

impl Enqueue {
    /// Mutations, without a time, under the documented limits.
    pub fn new(mutations: impl IntoIterator<Item = Mutation>) -> Self {
        Self {
            mutations: mutations.into_iter().collect(),
            queued_at: None,
            app: None,
            trusts_list: true,
            limits: Limits::default(),
            capacity: Capacity::default(),
        }
    }
}

impl OutboxChange {
    /// Accepts mutations, without a time, under the documented limits.
    pub fn enqueue(mutations: impl IntoIterator<Item = Mutation>) -> Self {
        Self::Enqueue(Enqueue::new(mutations))
    }

    /// Stores the progress of one mutation.
    pub fn progress(number: u64, progress: Progress) -> Self {
        Self::Progress(vec![(number, progress)])
    }
}

impl From<Enqueue> for OutboxChange {
    fn from(enqueue: Enqueue) -> Self {
        Self::Enqueue(enqueue)
    }
}
