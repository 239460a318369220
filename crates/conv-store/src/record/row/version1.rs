//! A conversation as version 1 wrote it: without stamps of its facets but the listing's, and
//! without a word for a message that is known not to be.

use serde::Deserialize;

use super::{ListingBody, MessageBody, UnreadBody};
use crate::record::{message, profile};

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    stamp_seq: u64,
    stamp_pass: u64,
    #[serde(borrow)]
    listing: ListingBody<'a>,
    #[serde(borrow)]
    profile: profile::Body<'a>,
    #[serde(borrow)]
    unread: UnreadBody<'a>,
    #[serde(borrow)]
    last_message: Option<message::Body<'a>>,
}

impl<'a> From<Body<'a>> for super::Body<'a> {
    fn from(body: Body<'a>) -> Self {
        let last_message = match body.last_message {
            Some(message) => MessageBody::Value(Box::new(message)),
            // Not fetched, or not there: version 1 did not distinguish these.
            None => MessageBody::Unknown,
        };
        Self {
            stamp_seq: body.stamp_seq,
            stamp_pass: body.stamp_pass,
            listing: body.listing,
            profile: body.profile,
            unread: body.unread,
            last_message,
            profile_seq: 0,
            unread_seq: 0,
            last_message_seq: 0,
        }
    }
}
