//! `openim/admin_getroammsg`: the messages of a one-to-one conversation.
//!
//! After Tencent's documentation of admin_getroammsg: batches go from the newest to the oldest,
//! and messages are ordered by time, then by sequence number.

use conv_model::{AccountId, LastMessage, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Command, lenient::Lenient, message, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "Operator_Account")]
    account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer: &'a str,
    #[serde(rename = "MaxCnt")]
    most: u32,
    #[serde(rename = "MinTime")]
    from: u64,
    #[serde(rename = "MaxTime")]
    to: u64,
}

impl<'a> Request<'a> {
    /// Asks for the last message up to `until`, as the account sees it. A time that is too early by
    /// a second would hide the message of that second.
    pub(in crate::rest) fn last(account: &'a AccountId, peer: &'a str, until: Timestamp) -> Self {
        Self { account: account.as_str(), peer, most: 1, from: 0, to: until.as_secs() }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "openim/admin_getroammsg";

    /// A reply that cannot be read costs only its conversation; a lost call is an error of the
    /// call.
    type Answer = Result<Option<LastMessage>, SourceError>;

    fn read(&self, reply: &Reply) -> Result<Self::Answer, SourceError> {
        Ok(read(reply))
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "MsgList", default, borrow)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(rename = "Complete", default)]
    is_end: Lenient<i64>,
}

/// Returns the newest of a reply's messages.
fn read(reply: &Reply) -> Result<Option<LastMessage>, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let messages = message::read(body.messages, body.is_end)?.into_iter();
    let newest = messages.max_by_key(|message| (message.time, message.sequence));
    Ok(newest.and_then(|message| message.content))
}
