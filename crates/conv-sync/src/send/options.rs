//! The options of a sender.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The options of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SendOptions {
    /// The time after an acknowledgement during which a pass may still show an older value, so that
    /// a pass that disagrees is not evidence that another device changed it: 15 seconds by default.
    pub settle_after: Duration,
    /// The age after which a mutation that was not sent fails: 7 days by default. Needs the wall
    /// time, of the queue's entries and of the view.
    pub max_age: Duration,
    /// True to mark groups as read. The cloud can only set the number of unread messages, so that a
    /// message which comes in between is lost from the count; false by default.
    pub read_groups: bool,
    /// True if passes read the facet [`Unread`](conv_model::Facet::Unread). A mark as read then
    /// settles when the facet was read; otherwise it is done at its acknowledgement. False by
    /// default.
    pub reads_unread: bool,
}

impl Default for SendOptions {
    fn default() -> Self {
        Self {
            settle_after: Duration::from_secs(15),
            max_age: Duration::from_secs(7 * 24 * 60 * 60),
            read_groups: false,
            reads_unread: false,
        }
    }
}

impl SendOptions {
    /// Sets how long after an acknowledgement a pass may show an older value.
    #[must_use]
    pub fn with_settle_after(self, settle_after: Duration) -> Self {
        Self { settle_after, ..self }
    }

    /// Sets the age after which a mutation that was not sent fails.
    #[must_use]
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Sets whether groups are marked as read.
    #[must_use]
    pub fn with_read_groups(self, read_groups: bool) -> Self {
        Self { read_groups, ..self }
    }

    /// Sets whether passes read the facet `Unread`.
    #[must_use]
    pub fn with_reads_unread(self, reads_unread: bool) -> Self {
        Self { reads_unread, ..self }
    }
}
