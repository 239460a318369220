//! Faults of the names and avatars of users, groups and conversation groups.

use serde_json::{Map, Value, json};

const NICK: &str = "Tag_Profile_IM_Nick";
const IMAGE: &str = "Tag_Profile_IM_Image";
/// The fields in which the two commands for groups list them.
const GROUP_LISTS: [&str; 2] = ["GroupInfo", "GroupIdList"];

/// The fields of a request.
type Request = Map<String, Value>;

pub(super) fn names(name: &str, request: &Request, reply: &mut Value) {
    set(reply, request, NICK, Some(name));
    set_groups(reply, "Name", name);
}

pub(super) fn no_names(request: &Request, reply: &mut Value) {
    set(reply, request, NICK, None);
    set_groups(reply, "Name", "");
}

pub(super) fn avatars(url: &str, request: &Request, reply: &mut Value) {
    set(reply, request, IMAGE, Some(url));
    set_groups(reply, "FaceUrl", url);
}

pub(super) fn no_avatars(request: &Request, reply: &mut Value) {
    set(reply, request, IMAGE, None);
    set_groups(reply, "FaceUrl", "");
}

pub(super) fn huge_avatar(bytes: usize, request: &Request, reply: &mut Value) {
    const START: &str = "https://avatars.example.com/";
    let rest = bytes.saturating_sub(START.len());
    let url = format!("{START}{}", "x".repeat(rest));
    if let Some(tags) = users(reply).next() {
        set_tag(tags, request, IMAGE, Some(&url));
    }
}

/// Removes the conversations of an answer, in any of its lists, from their conversation groups.
pub(super) fn no_conversation_groups(reply: &mut Value) {
    for row in rows(reply) {
        row.remove("ContactGroupId");
    }
}

pub(super) fn rename_conversation_groups(suffix: &str, reply: &mut Value) {
    let groups = reply.get_mut("GroupItem").and_then(Value::as_array_mut);
    for name in groups.into_iter().flatten().filter_map(|group| group.get_mut("GroupName")) {
        *name = json!(format!("{}{suffix}", name.as_str().unwrap_or_default()));
    }
}

fn set(reply: &mut Value, request: &Request, tag: &str, value: Option<&str>) {
    for tags in users(reply) {
        set_tag(tags, request, tag, value);
    }
}

fn set_tag(tags: &mut Vec<Value>, request: &Request, tag: &str, value: Option<&str>) {
    tags.retain(|item| item.get("Tag").and_then(Value::as_str) != Some(tag));
    let asked = request.get("TagList").and_then(Value::as_array);
    if asked.is_some_and(|asked| asked.iter().any(|held| held == tag)) {
        tags.extend(value.map(|value| json!({"Tag": tag, "Value": value})));
    }
}

/// Returns the tags of each user with a profile.
fn users(reply: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let users = reply.get_mut("UserProfileItem").and_then(Value::as_array_mut);
    let tags = users.into_iter().flatten().filter_map(|user| user.get_mut("ProfileItem"));
    tags.filter_map(Value::as_array_mut)
}

fn set_groups(reply: &mut Value, field: &str, text: &str) {
    for list in GROUP_LISTS {
        let groups = reply.get_mut(list).and_then(Value::as_array_mut);
        for held in groups.into_iter().flatten().filter_map(|group| group.get_mut(field)) {
            *held = json!(text);
        }
    }
}

fn rows(reply: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let lists = reply.as_object_mut().into_iter().flat_map(Map::values_mut);
    lists.filter_map(Value::as_array_mut).flatten().filter_map(Value::as_object_mut)
}
