//! `group_open_http_svc/group_msg_get_simple`: the messages of a group or topic.
//!
//! After Tencent's documentation of group_msg_get_simple: without a sequence number it returns the
//! newest messages; not for AVChatRooms, whose messages are not kept.

use conv_model::{GroupId, LastMessage, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Command, lenient::Lenient, message, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "GroupId")]
    group: &'a str,
    #[serde(rename = "TopicId", skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(rename = "ReqMsgNumber")]
    most: u32,
    #[serde(rename = "WithRecalledMsg")]
    with_recalled: u32,
    #[serde(skip)]
    from: Timestamp,
}

impl<'a> Request<'a> {
    /// Asks for the last message, even if recalled, as a member who joined at `from` sees it. A
    /// topic is named by its community and itself.
    pub(in crate::rest) fn last(id: GroupId<'a>, from: Timestamp) -> Self {
        let topic = id.topic().map(|_| id.as_str());
        let group = id.community().filter(|_| topic.is_some()).unwrap_or(id.as_str());
        Self { group, topic, most: 1, with_recalled: 1, from }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/group_msg_get_simple";

    /// A reply that cannot be read costs only its conversation; a lost call is an error of the
    /// call.
    type Answer = Result<Option<LastMessage>, SourceError>;

    fn read(&self, reply: &Reply) -> Result<Self::Answer, SourceError> {
        Ok(read(reply, self.from))
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "RspMsgList", default, borrow)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(rename = "IsFinished", default)]
    is_end: Lenient<i64>,
}

/// Returns the newest of a reply's messages, unless it is older than `from`.
fn read(reply: &Reply, from: Timestamp) -> Result<Option<LastMessage>, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let messages = message::read(body.messages, body.is_end)?.into_iter();
    let newest = messages.max_by_key(|message| message.sequence);
    Ok(newest.filter(|message| message.time >= from).and_then(|message| message.content))
}
