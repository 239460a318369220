//! `notFetched`: the keys of a row that show a default because nothing is known.
//!
//! The SDK's shape has no word for *unknown*, so a row lists the values that are not from the
//! cloud. Reading the row makes them unknown again.

use std::sync::Arc;

use crate::{Conversation, ConversationType};

const UNREAD_COUNT: &str = "unreadCount";
const LAST_MESSAGE: &str = "lastMessage";
const AT_INFO: &str = "groupAtInfoList";
const NICK: &str = "nick";
const NAME: &str = "name";
const AVATAR: &str = "avatar";
const REMARK: &str = "remark";
const PEER_READ_TIME: &str = "peerReadTime";

/// Returns the keys of the unknown values of a row, in the order of the row.
pub(super) fn of(row: &Conversation) -> Vec<Arc<str>> {
    let kind = row.conversation_type();
    let (is_c2c, is_group) = (kind == ConversationType::C2c, kind == ConversationType::Group);
    let name = if is_c2c { NICK } else { NAME };
    let keys = [
        (UNREAD_COUNT, row.unread.count.is_none()),
        (LAST_MESSAGE, !row.last_message.is_known()),
        (name, row.profile.name.is_none() && (is_c2c || is_group)),
        (AVATAR, row.profile.avatar.is_none() && (is_c2c || is_group)),
        (AT_INFO, row.unread.group_at_info.is_none() && is_group),
        (REMARK, row.profile.remark.is_none() && is_c2c),
        (PEER_READ_TIME, row.unread.peer_read_time.is_none() && is_c2c),
    ];
    keys.into_iter().filter(|(_, is_unknown)| *is_unknown).map(|(key, _)| key.into()).collect()
}

/// Takes away from a row what its keys say is not known. Other keys are of a later version.
pub(super) fn take_away(row: &mut Conversation, keys: &[Arc<str>]) {
    for key in keys {
        match &**key {
            UNREAD_COUNT => row.unread.count = None,
            LAST_MESSAGE => row.last_message = crate::Known::Unknown,
            NICK | NAME => row.profile.name = None,
            AVATAR => row.profile.avatar = None,
            AT_INFO => row.unread.group_at_info = None,
            REMARK => row.profile.remark = None,
            PEER_READ_TIME => row.unread.peer_read_time = None,
            _ => {}
        }
    }
}
