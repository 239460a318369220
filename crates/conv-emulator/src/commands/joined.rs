//! `group_open_http_svc/get_joined_group_list`: the groups of one account, with its unread counts.

use serde_json::{Map, Value, json};

use super::{Context, group_info::Filter, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Group, GroupType, Peer, Row},
};

const MAX_LIMIT: u64 = 5000;

/// An account is in the groups that its list holds. Live groups and communities with topics are
/// listed only to callers that ask for them.
pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("Member_Account")?;
    let limit = body.number_or("Limit", MAX_LIMIT)?.min(MAX_LIMIT) as usize;
    let offset = usize::try_from(body.number_or("Offset", 0)?).unwrap_or(usize::MAX);
    let kind = if body.has("GroupType") { Some(body.text("GroupType")?) } else { None };
    let with_huge = body.number_or("WithHugeGroups", 0)? == 1;
    let with_topics = body.number_or("SupportTopic", 0)? == 1;
    let filter = Filter::read(body)?;
    let own = match body.has("ResponseFilter") {
        true => body.object("ResponseFilter")?.texts_if_any("SelfInfoFilter")?,
        false => None,
    };
    let mut state = context.world.lock();
    let (account, directory) = state.account_and_directory(id).ok_or_else(|| {
        Refusal::new(code::GROUP_NO_ACCOUNT, format!("account {id} is not imported"))
    })?;
    let asked = |group: &Group| kind.is_none_or(|kind| kind == group.kind.as_str());
    let shown = |group: &Group| match group.kind {
        GroupType::AvChatRoom => with_huge || kind.is_some(),
        GroupType::Community => with_topics == group.with_topics,
        _ => true,
    };
    let joined: Vec<(&str, &Row, &Group)> = account
        .rows
        .iter()
        .filter_map(|(peer, row)| match peer {
            Peer::Group(id) if !Group::is_topic(id) => {
                Some((&**id, row, directory.groups.get(id)?))
            }
            _ => None,
        })
        .filter(|(_, _, group)| asked(group) && shown(group))
        .collect();
    let page: Vec<Value> = joined
        .iter()
        .skip(offset)
        .take(limit)
        .map(|(group_id, row, group)| {
            let mut map = filter.render_joined(group_id, group, context.credentials.sdk_app_id);
            if let Some(wanted) = &own {
                map.insert("SelfInfo".into(), Value::Object(self_info(id, row, group, wanted)));
            }
            Value::Object(map)
        })
        .collect();
    reply(json!({"TotalCount": joined.len(), "GroupIdList": page}))
}

fn self_info(id: &str, row: &Row, group: &Group, wanted: &[&str]) -> Map<String, Value> {
    let role = if *group.owner == *id { "Owner" } else { "Member" };
    let mut map = Map::new();
    map.insert("Role".into(), json!(role));
    map.insert("JoinTime".into(), json!(group.created));
    map.insert("MsgFlag".into(), json!("AcceptAndNotify"));
    map.insert("UnreadMsgNum".into(), json!(row.unread));
    map.retain(|name, _| wanted.contains(&name.as_str()));
    map
}
