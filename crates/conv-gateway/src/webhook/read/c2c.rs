//! One-to-one events.

use conv_model::Timestamp;

use super::{Body, Fields, Read, group::group_row};
use crate::webhook::{EventKind, GroupRead, Message, message::key};

pub(super) fn sent(body: &Body<'_, '_>) -> Read {
    Ok(EventKind::C2cSent {
        from: body.account("From_Account")?,
        to: body.account("To_Account")?,
        message: Message::of(body.fields),
        delivered: body.fields.raw("SendMsgResult").is_none()
            || body.fields.number("SendMsgResult") == Some(0),
        online_only: body.fields.number("OnlineOnlyFlag") == Some(1),
    })
}

pub(super) fn edited(body: &Body<'_, '_>) -> Read {
    Ok(EventKind::C2cEdited {
        from: body.account("From_Account")?,
        to: body.account("To_Account")?,
        message: Message::of(body.fields),
    })
}

pub(super) fn recalled(body: &Body<'_, '_>) -> Read {
    let (from, to) = (body.account("From_Account")?, body.account("To_Account")?);
    Ok(EventKind::C2cRecalled { from, to, key: key(body.fields) })
}

pub(super) fn read(body: &Body<'_, '_>) -> Read {
    let time = body.fields.number("LastReadTime").and_then(|time| time.try_into().ok());
    Ok(EventKind::C2cRead {
        reader: body.account("Report_Account")?,
        peer: body.account("Peer_Account")?,
        read_to: time.and_then(|time| Timestamp::from_cloud(time).ok()),
    })
}

pub(super) fn read_all(body: &mut Body<'_, '_>) -> Read {
    let reader = body.account("Report_Account")?;
    let groups = body.items("GroupReadInfo", |item| {
        let fields = Fields::of_item(item)?;
        let row = group_row(&fields.text("GroupId")?)?;
        Some(GroupRead { row, sequence: fields.number("MsgSeq").unwrap_or_default() })
    });
    Ok(EventKind::ReadAll { reader, groups })
}
