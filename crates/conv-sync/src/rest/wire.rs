//! The wire: one file a command, each with its request and what its reply means.
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

/// The most bytes of a display name; those of the cloud have 500 at most.
const MAX_NAME: usize = 1024;
/// The most bytes of any other text.
const MAX_TEXT: usize = 8 * 1024;

/// A request of the documented server REST API.
pub(super) trait Command: Serialize + Sync {
    /// Service and command, as in the URL.
    const PATH: &'static str;
    /// Whether the command changes something. Such a request is never sent twice by itself: the
    /// first one may have been applied.
    const WRITES: bool = false;

    /// What a reply says.
    type Answer: Send;

    /// Reads a reply whose envelope reports no error.
    fn read(&self, reply: &Reply) -> Result<Self::Answer, SourceError>;

    /// Whether a reply with an error code brings items all the same, each with a code of its own.
    fn brings_items(_reply: &str) -> bool {
        false
    }
}

/// How much of a profile is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What a row of the list shows.
    Thin,
    /// All that a profile call gives.
    Full,
}

/// What a reply says of each that it names. When it was read stands in none of the profiles.
pub(super) type Profiles = HashMap<String, Result<Profile, SourceError>>;

/// A text of at most `max` bytes.
fn short(text: &str, max: usize) -> Arc<str> {
    shared(super::sanitize::cut(text, max))
}

/// A URL. Half of one leads nowhere: one that is too long is none.
fn url(text: &str) -> Arc<str> {
    if text.len() > MAX_TEXT { Arc::default() } else { shared(text) }
}

/// Empty texts are many, and all the same one.
fn shared(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}
