//! `profile/portrait_get`: the profiles of users.

use serde_json::{Map, Value, json};

use super::Context;
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::User,
};

const MAX_ACCOUNTS: usize = 100;
const CUSTOM: &str = "Tag_Profile_Custom_";
const TAGS: &[&str] = &[
    "Tag_Profile_IM_Nick",
    "Tag_Profile_IM_Gender",
    "Tag_Profile_IM_BirthDay",
    "Tag_Profile_IM_Location",
    "Tag_Profile_IM_SelfSignature",
    "Tag_Profile_IM_AllowType",
    "Tag_Profile_IM_Language",
    "Tag_Profile_IM_Image",
    "Tag_Profile_IM_MsgSettings",
    "Tag_Profile_IM_AdminForbidType",
    "Tag_Profile_IM_Level",
    "Tag_Profile_IM_Role",
];

pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let accounts = body.texts("To_Account")?;
    let tags = body.texts("TagList")?;
    if accounts.is_empty() {
        return Err(Refusal::new(code::PROFILE_NOBODY, "To_Account is empty"));
    }
    if accounts.len() > MAX_ACCOUNTS {
        return Err(body.refuse("more than 100 accounts in a call"));
    }
    if let Some(tag) = tags.iter().find(|tag| !TAGS.contains(tag) && !tag.starts_with(CUSTOM)) {
        return Err(Refusal::new(code::PROFILE_NO_TAG, format!("no such tag {tag}")));
    }
    let state = context.world.lock();
    let mut failed = Vec::new();
    let items: Vec<Value> = accounts
        .into_iter()
        .map(|id| {
            let Some(user) = state.directory.users.get(id) else {
                failed.push(id);
                return json!({
                    "To_Account": id,
                    "ResultCode": code::PROFILE_NO_ACCOUNT,
                    "ResultInfo": "no such account",
                });
            };
            // A field that was never set is left out.
            let values = tags.iter().filter_map(|tag| Some((tag, value(id, user, tag)?)));
            let profile: Vec<Value> =
                values.map(|(tag, value)| json!({"Tag": tag, "Value": value})).collect();
            json!({"To_Account": id, "ProfileItem": profile, "ResultCode": 0, "ResultInfo": ""})
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("UserProfileItem".into(), json!(items));
    if !failed.is_empty() {
        answer.insert("Fail_Account".into(), json!(failed));
    }
    Ok(answer)
}

fn value(id: &str, user: &User, tag: &str) -> Option<Value> {
    match tag.strip_prefix("Tag_Profile_IM_")? {
        "Nick" => user.nick.as_ref().map(|nick| json!(nick)),
        "Image" => user.avatar.url("users", id).map(|url| json!(url)),
        "Gender" => user.gender.map(|gender| json!(gender)),
        "BirthDay" => user.birthday.map(|date| json!(date)),
        "Level" => user.level.map(|level| json!(level)),
        "AllowType" => Some(json!("AllowType_Type_AllowAny")),
        "AdminForbidType" => Some(json!("AdminForbid_Type_None")),
        _ => None,
    }
}
