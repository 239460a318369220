//! Faults of single conversations of a request, and of answers to writes.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Fault;
use crate::{
    envelope::{Refusal, Reply},
    world::Peer,
};

/// The lists of answers that have a result per conversation.
const RESULTS: [&str; 2] = ["ResultItem", "ContactResultItem"];
/// The fields in which requests name the group of a conversation.
const GROUPS: [&str; 3] = ["ToGroupId", "ToGroupid", "GroupId"];

/// A conversation of a request that names several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// Its number in the request, from 1 on.
    Place(usize),
    /// Its ID, as the web SDK writes it.
    Conversation(String),
}

impl Item {
    pub(crate) fn is(&self, place: usize, conversation: &str) -> bool {
        match self {
            Self::Place(wanted) => *wanted == place,
            Self::Conversation(wanted) => wanted == conversation,
        }
    }
}

/// Puts the code of [`Fault::AppliedCode`] in place of a success.
pub(crate) fn overrule(faults: &[Fault], reply: Reply) -> Reply {
    let code = faults.iter().find_map(|fault| match fault {
        Fault::AppliedCode(code) => Some(*code),
        _ => None,
    });
    match (reply, code) {
        (Ok(_), Some(code)) => Err(Refusal::new(code, "scripted by the emulator")),
        (reply, _) => reply,
    }
}

/// The time for which an answer is held back.
pub(crate) fn held(faults: &[Fault]) -> Duration {
    let times = faults.iter().filter_map(|fault| match fault {
        Fault::Held(time) => Some(*time),
        _ => None,
    });
    times.sum()
}

/// Takes the results out of an answer that faults leave out. All at once, since places are those of
/// the request.
pub(crate) fn drop_results(faults: &[Fault], reply: &mut Value) {
    let missing: Vec<&Item> = faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::ItemMissing(item) => Some(item),
            _ => None,
        })
        .collect();
    if !missing.is_empty() {
        drop_from(reply, &missing);
    }
}

fn drop_from(value: &mut Value, missing: &[&Item]) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value.as_array_mut() {
                    Some(results) if RESULTS.contains(&name.as_str()) => {
                        let mut place = 0;
                        results.retain(|result| {
                            place += 1;
                            let conversation = result.get("ContactItem").and_then(conversation);
                            let conversation = conversation.unwrap_or_default();
                            !missing.iter().any(|item| item.is(place, &conversation))
                        });
                    }
                    _ => drop_from(value, missing),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| drop_from(value, missing)),
        _ => {}
    }
}

/// Returns true if a request names this conversation, in any field of any command.
pub(crate) fn names(request: &Map<String, Value>, wanted: &str) -> bool {
    let user = |value: &Value| is(value, Peer::user, wanted);
    let group = |value: &Value| is(value, Peer::group, wanted);
    request.get("Peer_Account").is_some_and(|value| one_or_more(value, user))
        || ["GroupId", "GroupIdList"]
            .iter()
            .any(|field| request.get(*field).is_some_and(|value| one_or_more(value, group)))
        || conversation_of(request).as_deref() == Some(wanted)
        || request.values().any(|value| names_within(value, wanted))
}

fn names_within(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Object(map) => {
            conversation_of(map).as_deref() == Some(wanted)
                || map.values().any(|value| names_within(value, wanted))
        }
        Value::Array(values) => values.iter().any(|value| names_within(value, wanted)),
        _ => false,
    }
}

fn one_or_more(value: &Value, is: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(values) => values.iter().any(is),
        _ => is(value),
    }
}

fn is(value: &Value, peer: impl Fn(&str) -> Peer, wanted: &str) -> bool {
    value.as_str().is_some_and(|id| peer(id).to_string() == wanted)
}

fn conversation(item: &Value) -> Option<String> {
    conversation_of(item.as_object()?)
}

/// Returns the conversation that `Type` and an ID name.
fn conversation_of(item: &Map<String, Value>) -> Option<String> {
    let text = |field: &str| item.get(field).and_then(Value::as_str);
    let peer = match item.get("Type").and_then(Value::as_u64)? {
        1 => text("To_Account").map(Peer::user),
        2 => GROUPS.iter().find_map(|field| text(field)).map(Peer::group),
        _ => None,
    };
    peer.map(|peer| peer.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_names_conversations_in_the_fields_of_each_command() {
        let named = |request: Value, id: &str| names(request.as_object().unwrap(), id);
        let user = json!({"Type": 1, "To_Account": "a"});
        assert!(named(user.clone(), "C2Ca"));
        assert!(named(json!({"MarkItem": [{"ContactItem": user}]}), "C2Ca"));
        for field in ["ToGroupId", "ToGroupid", "GroupId"] {
            assert!(named(json!({"X": [{"Type": 2, field: "g"}]}), "GROUPg"), "{field}");
        }
        assert!(named(json!({"Peer_Account": "a"}), "C2Ca"));
        assert!(named(json!({"Peer_Account": ["b", "a"]}), "C2Ca"));
        assert!(named(json!({"GroupId": "g"}), "GROUPg"));
        assert!(named(json!({"GroupIdList": ["g"]}), "GROUPg"));
        assert!(!named(json!({"From_Account": "a", "GroupName": ["a"]}), "C2Ca"));
        assert!(!named(json!({"X": [{"Type": 2, "ToGroupId": "a"}]}), "C2Ca"));
    }

    #[test]
    fn results_are_left_out_by_their_places_in_the_request() {
        let result = |id: &str| json!({"ContactItem": {"Type": 1, "To_Account": id}});
        let mut reply = json!({"GroupResultItem": [
            {"ResultItem": [result("a"), result("b"), result("c"), result("d")]}]});
        let faults = [
            Fault::ItemMissing(Item::Place(1)),
            Fault::ItemMissing(Item::Place(2)),
            Fault::ItemMissing(Item::Conversation("C2Cd".into())),
        ];
        drop_results(&faults, &mut reply);
        assert_eq!(reply["GroupResultItem"][0]["ResultItem"], json!([result("c")]));
    }
}
