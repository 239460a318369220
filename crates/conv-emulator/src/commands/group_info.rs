//! `group_open_http_svc/get_group_info`: groups, each with a result of its own.

use serde_json::{Map, Value, json};

use super::{Context, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Directory, Group, GroupType},
};

const MAX_GROUPS: usize = 50;

pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let ids = body.texts("GroupIdList")?;
    if ids.is_empty() || ids.len() > MAX_GROUPS {
        return Err(body.refuse("GroupIdList must hold 1 to 50 groups"));
    }
    let filter = Filter::read(body)?;
    let app = context.credentials.sdk_app_id;
    let state = context.world.lock();
    let groups: Vec<Value> = ids
        .into_iter()
        .map(|id| match find(context, &state.directory, id) {
            Ok(group) => filter.render(id, group, app),
            Err(refusal) => {
                json!({"GroupId": id, "ErrorCode": refusal.code, "ErrorInfo": refusal.info})
            }
        })
        .collect();
    reply(json!({"GroupInfo": groups}))
}

fn find<'a>(
    context: Context<'_>,
    directory: &'a Directory,
    id: &str,
) -> Result<&'a Group, Refusal> {
    if !is_group_id(id) {
        return Err(Refusal::new(code::GROUP_BAD_ID, "not a group ID"));
    }
    let group = context
        .group(directory, id)
        .ok_or_else(|| Refusal::new(code::GROUP_NOT_FOUND, "no such group, or it was dissolved"))?;
    if group.hidden {
        return Err(Refusal::new(code::GROUP_NO_RIGHT, "no right to read this group"));
    }
    Ok(group)
}

/// Returns true if an ID is printable ASCII of at most 48 bytes; a topic has two such parts.
pub(super) fn is_group_id(id: &str) -> bool {
    let (community, topic) = id.split_once("@TOPIC#_").unwrap_or((id, "-"));
    [community, topic].iter().all(|part| {
        (1..=48).contains(&part.len()) && part.bytes().all(|b| (0x20..=0x7e).contains(&b))
    })
}

/// The fields that a caller wants. Without a list these are all base fields, and no members.
pub(super) struct Filter<'a> {
    base: Option<Vec<&'a str>>,
    members: Option<Vec<&'a str>>,
}

impl<'a> Filter<'a> {
    pub(super) fn read(body: Fields<'a>) -> Result<Self, Refusal> {
        if !body.has("ResponseFilter") {
            return Ok(Self { base: None, members: None });
        }
        let filter = body.object("ResponseFilter")?;
        Ok(Self {
            base: filter.texts_if_any("GroupBaseInfoFilter")?,
            members: filter.texts_if_any("MemberInfoFilter")?,
        })
    }

    fn render(&self, id: &str, group: &Group, app: u32) -> Value {
        let mut map = base_fields(id, group, app);
        if let Some(wanted) = &self.base {
            map.retain(|name, _| wanted.contains(&name.as_str()));
        }
        if let Some(wanted) = &self.members {
            // Members are not modelled: the list has the owner alone.
            let mut owner = Map::new();
            owner.insert("Member_Account".into(), json!(&*group.owner));
            owner.insert("Role".into(), json!("Owner"));
            owner.insert("JoinTime".into(), json!(group.created));
            owner.insert("MsgSeq".into(), json!(group.last.seq));
            owner.insert("MsgFlag".into(), json!("AcceptAndNotify"));
            owner.insert("LastSendMsgTime".into(), json!(group.last.time));
            owner.insert("MuteUntil".into(), json!(0));
            owner.retain(|name, _| name == "Member_Account" || wanted.contains(&name.as_str()));
            map.insert("MemberList".into(), json!([owner]));
        }
        map.insert("GroupId".into(), json!(id));
        map.insert("ErrorCode".into(), json!(0));
        map.insert("ErrorInfo".into(), json!(""));
        Value::Object(map)
    }

    /// Returns the filter for a list of joined groups, whose groups have only the requested fields.
    pub(super) fn render_joined(&self, id: &str, group: &Group, app: u32) -> Map<String, Value> {
        let wanted = self.base.as_deref().unwrap_or_default();
        let mut map = base_fields(id, group, app);
        map.retain(|name, _| wanted.contains(&name.as_str()));
        map.insert("GroupId".into(), json!(id));
        map
    }
}

fn base_fields(id: &str, group: &Group, app: u32) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    put("Type", json!(group.kind.as_str()));
    put("Name", json!(group.name));
    put("Appid", json!(app));
    put("Introduction", json!(""));
    put("Notification", json!(""));
    put("FaceUrl", json!(group.avatar.url("groups", id).unwrap_or_default()));
    put("Owner_Account", json!(&*group.owner));
    put("CreateTime", json!(group.created));
    put("InfoSeq", json!(1));
    put("LastInfoTime", json!(group.created));
    put("LastMsgTime", json!(group.last.time));
    put("NextMsgSeq", json!(group.last.seq.saturating_add(1)));
    put("MemberNum", json!(group.members));
    put("MaxMemberNum", json!(2000));
    put("ApplyJoinOption", json!("FreeAccess"));
    put("InviteJoinOption", json!("FreeAccess"));
    put("MuteAllMember", json!("Off"));
    if group.kind == GroupType::Community {
        put("SupportTopic", json!(u8::from(group.with_topics)));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::is_group_id;

    #[test]
    fn group_ids_are_short_printable_ascii_and_a_topic_has_two_parts() {
        let long = "g".repeat(48);
        for id in ["@TGS#1B2AUI7RZ", "a", " ", &long, &format!("{long}@TOPIC#_{long}")] {
            assert!(is_group_id(id), "{id}");
        }
        let too_long = "g".repeat(49);
        for id in ["", "日本", "a\n", &too_long, "@TOPIC#_x", "x@TOPIC#_"] {
            assert!(!is_group_id(id), "{id}");
        }
    }
}
