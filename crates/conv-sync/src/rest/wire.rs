//! The wire: one file a command, each with its request and what its reply means.
//!
//! A reply is decoded in two steps: what must be there or the reply is none, and what may be
//! odd, one item at a time, so that one bad item costs nothing but itself.

pub(super) mod contact_group;
mod envelope;
pub(super) mod get_list;
pub(super) mod group_info;
pub(super) mod group_messages;
pub(super) mod joined_groups;
mod loose;
mod message;
pub(super) mod portrait;
mod reply;
pub(super) mod roaming;
pub(super) mod unread;

use std::sync::Arc;

use serde::Serialize;

pub(super) use self::{envelope::Envelope, reply::Reply};

/// The most bytes of a display name; those of the cloud have 500 at most.
const MAX_NAME: usize = 1024;
/// The most bytes of any other text.
const MAX_TEXT: usize = 8 * 1024;

/// A request of the documented server REST API.
pub(super) trait Command: Serialize + Sync {
    /// Service and command, as in the URL.
    const PATH: &'static str;

    /// Whether a reply with an error code brings items all the same, each with a code of its own.
    fn brings_items(_reply: &str) -> bool {
        false
    }
}

/// A text of at most `max` bytes.
fn short(text: &str, max: usize) -> Arc<str> {
    super::words::cut(text, max).into()
}

/// A URL. Half of one leads nowhere: one that is too long is none.
fn url(text: &str) -> Arc<str> {
    if text.len() > MAX_TEXT { Arc::default() } else { text.into() }
}
