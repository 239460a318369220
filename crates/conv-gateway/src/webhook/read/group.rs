//! Events of groups, communities and topics.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, GroupType};

use super::{Body, Fields, Read, text_of};
use crate::webhook::{EventKind, Message, Oddity};

/// Returns the row of a group or topic.
pub(super) fn group_row(group: &str) -> Option<ConversationId> {
    ConversationId::group(group).ok()
}

/// Returns the row of an event: the topic's if it names one, else the group's. `TopicId` may be empty.
pub(super) fn row(body: &Body<'_, '_>) -> Result<ConversationId, Oddity> {
    let topic = body.fields.text("TopicId").filter(|topic| !topic.is_empty());
    match topic {
        Some(topic) => group_row(&topic).ok_or(Oddity::Field("TopicId")),
        None => group(body),
    }
}

fn group(body: &Body<'_, '_>) -> Result<ConversationId, Oddity> {
    let group = body.fields.text("GroupId").ok_or(Oddity::Field("GroupId"))?;
    group_row(&group).ok_or(Oddity::Field("GroupId"))
}

pub(super) fn sent(body: &mut Body<'_, '_>) -> Read {
    Ok(EventKind::GroupSent {
        row: row(body)?,
        from: body.optional_account("From_Account"),
        group_type: body.fields.text("Type").map(|word| GroupType::from(&*word)),
        message: Message::of(body.fields),
        online_only: body.fields.number("OnlineOnlyFlag") == Some(1),
    })
}

pub(super) fn edited(body: &Body<'_, '_>) -> Read {
    Ok(EventKind::GroupEdited { row: row(body)?, message: Message::of(body.fields) })
}

pub(super) fn recalled(body: &mut Body<'_, '_>) -> Read {
    let sequences = body.items("MsgSeqList", |item| Fields::of_item(item)?.number("MsgSeq"));
    Ok(EventKind::GroupRecalled { row: row(body)?, sequences })
}

pub(super) fn created(body: &mut Body<'_, '_>) -> Read {
    Ok(EventKind::GroupCreated { row: group(body)?, members: members_and_owner(body) })
}

pub(super) fn destroyed(body: &mut Body<'_, '_>) -> Read {
    Ok(EventKind::GroupDestroyed { row: group(body)?, members: members_and_owner(body) })
}

pub(super) fn joined(body: &mut Body<'_, '_>) -> Read {
    let members = body.accounts("NewMemberList", "Member_Account");
    Ok(EventKind::MembersJoined { row: group(body)?, members })
}

pub(super) fn left(body: &mut Body<'_, '_>) -> Read {
    let members = body.accounts("ExitMemberList", "Member_Account");
    Ok(EventKind::MembersLeft { row: group(body)?, members })
}

pub(super) fn changed(body: &Body<'_, '_>) -> Read {
    let one_of = |names: [&str; 2]| -> Option<Arc<str>> {
        names.iter().find_map(|name| body.fields.text(name)).map(Into::into)
    };
    Ok(EventKind::GroupChanged {
        row: row(body)?,
        name: one_of(["Name", "TopicName"]),
        avatar: one_of(["FaceUrl", "TopicFaceUrl"]),
    })
}

pub(super) fn topic_created(body: &Body<'_, '_>) -> Read {
    Ok(EventKind::TopicCreated { row: row(body)?, community: group(body)? })
}

pub(super) fn topics_destroyed(body: &mut Body<'_, '_>) -> EventKind {
    let rows = body.items("TopicIdList", |item| group_row(&text_of(item, "TopicId")?));
    EventKind::TopicsDestroyed { rows }
}

fn members_and_owner(body: &mut Body<'_, '_>) -> Vec<AccountId> {
    let mut members = body.accounts("MemberList", "Member_Account");
    let owner = body.optional_account("Owner_Account");
    members.extend(owner.filter(|owner| !members.contains(owner)));
    members
}
