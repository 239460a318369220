//! Results of changes: any body says of each conversation that it was changed, why it was not, or
//! nothing.

use conv_api::{
    AccountId, ConversationId,
    model::{GroupName, Peer},
    sync::fuzzing,
};
use serde_json::Value;

use super::page::{is_presentable, user_sig};

pub fn written(data: &[u8]) {
    let user_sig = user_sig();
    let account: AccountId = "user_0001".parse().unwrap();
    let name: GroupName = "g".parse().unwrap();
    let ids = asked();
    let body = serde_json::from_slice::<Value>(data).ok();
    for answer in fuzzing::results(&user_sig, data, &account, &name, &ids).unwrap() {
        match answer {
            Ok(results) => {
                assert_eq!(results.len(), ids.len());
                for (id, result) in ids.iter().zip(results) {
                    match result {
                        None => {}
                        Some(Err(error)) => is_presentable(&error, &user_sig),
                        // A `Value` takes less than the decoder does: not every text.
                        Some(Ok(())) => assert!(body.as_ref().is_none_or(|it| proves(it, id))),
                    }
                }
            }
            Err(error) => is_presentable(&error, &user_sig),
        }
    }
    if let Err(error) = fuzzing::marks(&user_sig, data, &account, &ids[0]) {
        is_presentable(&error, &user_sig);
    }
}

/// A user and a group of the same name, and one more of each.
fn asked() -> Vec<ConversationId> {
    ["C2Ca", "GROUPa", "C2Cb", "GROUP@TGS#1"].iter().map(|id| id.parse().unwrap()).collect()
}

/// Returns true if a body has, anywhere, a result that says that a conversation was changed.
fn proves(body: &Value, id: &ConversationId) -> bool {
    match body {
        Value::Object(members) => {
            let is_done = members.get("ResultCode").is_some_and(is_zero);
            let is_named = members.get("ContactItem").is_some_and(|contact| names(contact, id));
            is_done && is_named || members.values().any(|member| proves(member, id))
        }
        Value::Array(values) => values.iter().any(|value| proves(value, id)),
        _ => false,
    }
}

fn is_zero(code: &Value) -> bool {
    code.as_i64() == Some(0) || code.as_str().is_some_and(|text| text.parse() == Ok(0))
}

fn names(contact: &Value, id: &ConversationId) -> bool {
    match id.peer() {
        Peer::User(user) => contact["To_Account"] == user.as_str() && contact["Type"] != 2,
        Peer::Group(group) => {
            let mut fields = ["ToGroupId", "ToGroupid", "GroupId"].into_iter();
            fields.any(|field| contact[field] == group.as_str()) && contact["Type"] != 1
        }
        Peer::System => false,
    }
}
