//! The two commands that change one account's view of a chat group.
//!
//! UNCERTAIN: an account that is not in the group answers 10007, and one that was not imported
//! 10019.

use std::sync::Arc;

use super::{
    group_info::is_group_id,
    nothing,
    write::{Open, Writer},
};
use crate::{
    Change, code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Group, GroupType, MsgFlag, Peer},
};

/// `group_open_http_svc/set_unread_msg_num`: sets the number itself. Meetings and live groups have
/// no unread count: they answer 0 and nothing changes.
pub(super) fn set_unread(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let (group_id, id) = (body.text("GroupId")?, body.text("Member_Account")?);
    let count = u32::try_from(body.number("UnreadMsgNum")?)
        .map_err(|_| body.refuse("UnreadMsgNum is too large"))?;
    let (mut open, peer) = member(writer, id, group_id)?;
    let counts = !matches!(kind(&open, group_id), GroupType::Meeting | GroupType::AvChatRoom);
    let row = open.account.rows.get_mut(&peer).filter(|_| counts);
    let changed = row.is_some_and(|row| std::mem::replace(&mut row.unread, count) != count);
    open.log(Change::Unread { conversation: peer.to_string(), count }, changed);
    nothing()
}

/// `group_open_http_svc/modify_group_member_info`, as far as it sets `MsgFlag`: other fields are
/// not read.
///
/// UNCERTAIN: the two values that except mentions exist in the client SDKs; here they are refused.
pub(super) fn modify(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let (group_id, id) = (body.text("GroupId")?, body.text("Member_Account")?);
    let flag = MsgFlag::of(body.text("MsgFlag")?).ok_or_else(|| {
        body.refuse("MsgFlag must be AcceptAndNotify, AcceptNotNotify or Discard")
    })?;
    let (mut open, peer) = member(writer, id, group_id)?;
    let group = group(&open, group_id)?;
    if group.kind == GroupType::AvChatRoom && *group.owner != *id {
        return Err(Refusal::new(code::GROUP_NO_RIGHT, "a live group has no settings of members"));
    }
    let changed = open.account.flag(group_id) != flag;
    open.account.flags.insert(Arc::from(group_id), flag);
    open.log(Change::MsgFlag { conversation: peer.to_string(), flag }, changed);
    nothing()
}

/// Opens the account of a member of a chat group.
fn member<'a>(
    writer: &'a mut Writer<'_>,
    id: &str,
    group_id: &str,
) -> Result<(Open<'a>, Peer), Refusal> {
    if !is_group_id(group_id) {
        return Err(Refusal::new(code::GROUP_BAD_ID, "not a group ID"));
    }
    let open = writer.open(id).ok_or_else(|| {
        Refusal::new(code::GROUP_NO_ACCOUNT, format!("account {id} is not imported"))
    })?;
    let peer = Peer::group(group_id);
    open.check_item(1, &peer)?;
    let group = group(&open, group_id)?;
    if open.account.member_since(group_id, group).is_none() {
        return Err(Refusal::new(code::GROUP_NO_RIGHT, "the account is not in the group"));
    }
    Ok((open, peer))
}

fn group<'a>(open: &'a Open<'_>, id: &str) -> Result<&'a Group, Refusal> {
    let gone = || Refusal::new(code::GROUP_NOT_FOUND, "no such group, or it was dissolved");
    open.check_dissolved(&Peer::group(id)).map_err(|_| gone())?;
    open.directory.groups.get(id).ok_or_else(gone)
}

fn kind(open: &Open<'_>, id: &str) -> GroupType {
    open.directory.groups.get(id).map_or(GroupType::Public, |group| group.kind)
}
