//! `group_open_http_svc/group_msg_get_simple`: the messages of a group or topic.
//!
//! After Tencent's documentation of group_msg_get_simple: the newest messages where no sequence
//! number is asked for; not for AVChatRooms, whose messages are not kept.

use conv_model::{GroupId, LastMessage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Command, message, reply::Reply};
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
}

impl<'a> Request<'a> {
    /// The last message, also one that was taken back. Of a topic, by its community and itself.
    pub(in crate::rest) fn last(id: GroupId<'a>) -> Self {
        let topic = id.topic().map(|_| id.as_str());
        let group = id.community().filter(|_| topic.is_some()).unwrap_or(id.as_str());
        Self { group, topic, most: 1, with_recalled: 1 }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/group_msg_get_simple";

    /// What cannot be read costs its conversation alone, as a call that is lost does not.
    type Answer = Result<Option<LastMessage>, SourceError>;

    fn read(&self, reply: &Reply) -> Result<Self::Answer, SourceError> {
        Ok(read(reply))
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "RspMsgList", default, borrow)]
    messages: Option<Vec<&'a RawValue>>,
}

/// The newest of a reply's messages.
fn read(reply: &Reply) -> Result<Option<LastMessage>, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let messages = message::read(body.messages)?.into_iter();
    let newest = messages.max_by_key(|message| message.sequence);
    Ok(newest.and_then(|message| message.content))
}
