//! `group_open_http_svc/get_joined_group_list`: the groups of one account, with its unread counts.

use serde_json::{Map, Value, json};

use super::{Context, group_info::Filter, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Group, GroupType, MsgFlag},
};

const MAX_LIMIT: u64 = 5000;

/// Lists the groups of an account: those that its list holds, unless it joined or left explicitly.
/// Live groups and communities with topics are listed only to callers that ask for them.
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
    let account = account.shown();
    let asked = |group: &Group| kind.is_none_or(|kind| kind == group.kind.as_str());
    let shown = |group: &Group| match group.kind {
        GroupType::AvChatRoom => with_huge || kind.is_some(),
        GroupType::Community => with_topics == group.with_topics,
        _ => true,
    };
    let joined: Vec<Joined<'_>> = context
        .known_groups(account)
        .into_iter()
        .filter(|(id, _)| !Group::is_topic(id))
        .filter_map(|(id, row)| {
            let group = context.group(directory, id);
            let group = group.filter(|group| asked(group) && shown(group))?;
            let since = context.member_since(account, id, group)?;
            let unread = row.map_or(0, |row| row.unread);
            Some(Joined { id, group, since, unread, flag: account.flag(id) })
        })
        .collect();
    let most = context.page_size(limit).min(limit);
    let page: Vec<Value> = joined
        .iter()
        .skip(offset)
        .take(most)
        .map(|joined| {
            let app = context.credentials.sdk_app_id;
            let mut map = filter.render_joined(joined.id, joined.group, app);
            if let Some(wanted) = &own {
                map.insert("SelfInfo".into(), Value::Object(self_info(id, joined, wanted)));
            }
            Value::Object(map)
        })
        .collect();
    reply(json!({"TotalCount": joined.len(), "GroupIdList": page}))
}

/// A chat group, from the view of one member.
struct Joined<'a> {
    id: &'a str,
    group: &'a Group,
    since: u64,
    unread: u32,
    flag: MsgFlag,
}

fn self_info(id: &str, joined: &Joined<'_>, wanted: &[&str]) -> Map<String, Value> {
    let role = if *joined.group.owner == *id { "Owner" } else { "Member" };
    let mut map = Map::new();
    map.insert("Role".into(), json!(role));
    map.insert("JoinTime".into(), json!(joined.since));
    map.insert("MsgFlag".into(), json!(joined.flag.as_str()));
    map.insert("UnreadMsgNum".into(), json!(joined.unread));
    map.retain(|name, _| wanted.contains(&name.as_str()));
    map
}
