//! The wire format: one file per command, each with its request and the decoder of its reply.
//!
//! A reply is decoded in two steps: first the parts without which it is invalid, then its items, one
//! at a time, so that a bad item costs only itself. There is no second, faster reader for replies as
//! documented: two readers would have to agree about every odd reply.

pub(super) mod contact;
pub(super) mod contact_group;
pub(super) mod create_group;
pub(super) mod delete;
pub(super) mod delete_group;
mod envelope;
pub(super) mod get_list;
pub(super) mod group_info;
pub(super) mod group_messages;
pub(super) mod joined_groups;
mod lenient;
pub(super) mod mark;
mod members;
mod mend;
mod message;
pub(super) mod msg_flag;
pub(super) mod msg_read;
mod object;
pub(super) mod portrait;
mod reply;
pub(super) mod results;
pub(super) mod roaming;
pub(super) mod search_group;
pub(super) mod set_unread;
#[cfg(test)]
mod tests;
pub(super) mod top;
pub(super) mod unread;
pub(super) mod update_group;

use std::{collections::HashMap, sync::Arc};

use conv_model::Profile;
use serde::Serialize;

pub(super) use self::{envelope::Envelope, reply::Reply};
use crate::SourceError;

/// The maximum bytes of a display name; the cloud's have at most 500.
const MAX_NAME: usize = 1024;
/// The maximum bytes of any other text.
const MAX_TEXT: usize = 8 * 1024;

/// A request of the documented server REST API.
pub(super) trait Command: Serialize + Sync {
    /// Service and command, as in the URL.
    const PATH: &'static str;
    /// True if the command changes something. Such a request is never sent twice by itself: the
    /// first one may have been applied.
    const WRITES: bool = false;

    /// The decoded content of a reply.
    type Answer: Send;

    /// Reads a reply whose envelope reports no error.
    fn read(&self, reply: &Reply) -> Result<Self::Answer, SourceError>;

    /// Returns true if a reply with an error code has items all the same, each with its own code.
    fn brings_items(_reply: &str) -> bool {
        false
    }
}

/// The part of a profile to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The fields that a row of the list shows.
    Thin,
    /// All fields that a profile call returns.
    Full,
}

/// The answer for each user or group that a reply names. The profiles have no read time yet.
pub(super) type Profiles = HashMap<String, Result<Profile, SourceError>>;

/// Returns at most the first `max` bytes of a text.
fn short(text: &str, max: usize) -> Arc<str> {
    shared(super::sanitize::cut(text, max))
}

/// Returns a URL, or an empty text if it is too long: half a URL would lead nowhere.
fn url(text: &str) -> Arc<str> {
    if text.len() > MAX_TEXT { Arc::default() } else { shared(text) }
}

/// Shares a text. Empty texts are frequent and all share one allocation.
fn shared(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}
