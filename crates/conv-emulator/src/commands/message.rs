//! The commands for message history. The world keeps only the last message of a conversation.

use serde_json::{Value, json};

use super::{Context, group_info::is_group_id, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{GroupType, Kept, Message, Peer, hash},
};

/// `MsgFlagBits` of a recalled message.
const RECALLED: u32 = 8;

/// `openim/admin_getroammsg`
pub(super) fn c2c(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("Operator_Account")?;
    let peer_id = body.text("Peer_Account")?;
    let most = body.number("MaxCnt")?;
    let times = body.number("MinTime")?..=body.number("MaxTime")?;
    let mut state = context.world.lock();
    let missing = |id: &str| Refusal::new(code::ACCOUNT_NOT_FOUND, format!("no such account {id}"));
    if !state.knows(peer_id) {
        return Err(missing(peer_id));
    }
    let account = state.account(id).ok_or_else(|| missing(id))?.shown();
    let is_kept = |last: &Message| matches!(last.kept, Kept::Whole | Kept::Recalled);
    let last = account.last_message(&Peer::user(peer_id)).filter(|last| is_kept(last));
    let last = last.filter(|last| most > 0 && times.contains(&last.time));
    let Some(last) = last else {
        return reply(json!({"Complete": 1, "MsgCnt": 0, "LastMsgTime": 0, "LastMsgKey": "",
            "MsgList": []}));
    };
    let random = random(peer_id, last);
    let key = format!("{}_{random}_{}", last.seq, last.time);
    // The account sends every other message.
    let (from, to) = if last.seq % 2 == 0 { (id, peer_id) } else { (peer_id, id) };
    reply(json!({
        "Complete": 1,
        "MsgCnt": 1,
        "LastMsgTime": last.time,
        "LastMsgKey": key,
        "MsgList": [{
            "From_Account": from,
            "To_Account": to,
            "MsgSeq": last.seq,
            "MsgRandom": random,
            "MsgTimeStamp": last.time,
            "MsgFlagBits": if last.kept == Kept::Recalled { RECALLED } else { 0 },
            "IsPeerRead": 0,
            "MsgKey": key,
            "MsgBody": text_body(last),
            "CloudCustomData": "",
        }],
    }))
}

/// `group_open_http_svc/group_msg_get_simple`
pub(super) fn group(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("GroupId")?;
    let most = body.number("ReqMsgNumber")?;
    let highest = body.number_or("ReqMsgSeq", u64::MAX)?;
    let with_recalled = body.number_or("WithRecalledMsg", 0)? == 1;
    let topic = if body.has("TopicId") { Some(body.text("TopicId")?) } else { None };
    if !is_group_id(id) {
        return Err(Refusal::new(code::GROUP_BAD_ID, "not a group ID"));
    }
    let state = context.world.lock();
    let group = context
        .group(&state.directory, topic.unwrap_or(id))
        .ok_or_else(|| Refusal::new(code::GROUP_NOT_FOUND, "no such group, or it was dissolved"))?;
    if group.hidden || group.kind == GroupType::AvChatRoom {
        return Err(Refusal::new(code::GROUP_NO_RIGHT, "no right to read this group's messages"));
    }
    let is_kept = |last: &Message| match last.kept {
        Kept::Whole | Kept::Deleted => true,
        Kept::Recalled => with_recalled,
        Kept::Cleared => false,
    };
    let last = Some(&group.last).filter(|last| most > 0 && u64::from(last.seq) <= highest);
    let last = last.filter(|last| is_kept(last));
    let list: Vec<Value> = last
        .iter()
        .map(|last| {
            json!({
                "From_Account": &*group.owner,
                "IsPlaceMsg": place(last.kept),
                "IsSystemMsg": 0,
                "MsgBody": if last.kept == Kept::Deleted { json!([]) } else { text_body(last) },
                "MsgPriority": 1,
                "MsgRandom": random(id, last),
                "MsgSeq": last.seq,
                "MsgTimeStamp": last.time,
            })
        })
        .collect();
    reply(json!({"GroupId": id, "IsFinished": 1, "RspMsgList": list}))
}

/// `IsPlaceMsg`
fn place(kept: Kept) -> u32 {
    match kept {
        Kept::Whole => 0,
        Kept::Deleted | Kept::Cleared => 1,
        Kept::Recalled => 2,
    }
}

fn text_body(message: &Message) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": message.text()}}])
}

fn random(id: &str, message: &Message) -> u32 {
    (hash(id) ^ u64::from(message.seq)) as u32
}
