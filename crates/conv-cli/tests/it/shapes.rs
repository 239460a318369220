//! The shapes of JSON answers.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::support::{Cloud, committed};

/// A value with its leaves replaced by the names of their types; of an array all shapes in it.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => {
            let mut shapes: Vec<Value> = items.iter().map(shape).collect();
            shapes.sort_by_key(Value::to_string);
            shapes.dedup();
            Value::Array(shapes)
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

#[track_caller]
fn is_committed(name: &str, answer: &Value) {
    let text = serde_json::to_string_pretty(&shape(answer)).unwrap() + "\n";
    committed(&format!("shapes/{name}.json"), &text);
}

fn schema() -> jsonschema::Validator {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/conversation.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn is_valid(schema: &jsonschema::Validator, row: &Value) {
    let errors: Vec<_> = schema.iter_errors(row).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{row}");
}

#[test]
fn every_conversation_is_valid_by_the_schema() {
    let schema = schema();
    let cloud = Cloud::of(300);
    let facets = ["sync", "--json", "--facets", "unread,last-message"];
    cloud.run(&facets).data();
    let list = cloud.run(&["list", "--json"]).data();
    let rows = list["conversationList"].as_array().unwrap();
    assert_eq!(rows.len(), 300);
    rows.iter().for_each(|row| is_valid(&schema, row));
    for row in rows.iter().take(12) {
        let id = row["conversationID"].as_str().unwrap();
        let full = cloud.run(&["profile", id, "--json"]).data();
        is_valid(&schema, &full["conversation"]);
    }
    let system = cloud.run(&["profile", "@TIM#SYSTEM", "--json"]).data();
    is_valid(&schema, &system["conversation"]);
}

#[test]
fn the_schema_refuses_what_the_sdk_never_gives() {
    let schema = schema();
    let cloud = Cloud::of(30);
    let list = cloud.run(&["list", "--sync", "--json"]).data();
    let rows = list["conversationList"].as_array().unwrap();
    let group = rows.iter().find(|row| row["type"] == "GROUP").unwrap();
    is_valid(&schema, group);
    for (name, value) in [
        ("conversationID", json!("C2Calice")),
        ("type", json!("C2C")),
        ("unreadCount", json!(-1)),
        ("markList", json!([0])),
        ("groupAtInfoList", json!([{"atTypeArray": [4]}])),
        ("userProfile", json!({})),
        ("surplus", json!(1)),
    ] {
        let mut wrong = group.clone();
        wrong[name] = value;
        assert!(!schema.is_valid(&wrong), "{name}");
    }
    let mut short = group.clone();
    short.as_object_mut().unwrap().remove("lastMessage");
    assert!(!schema.is_valid(&short));
}

#[test]
fn answers_have_the_committed_shapes() {
    let cloud = Cloud::of(40);
    is_committed("sync", &cloud.run(&["sync", "--json", "--facets", "unread,last-message"]).json());
    is_committed("list", &cloud.run(&["list", "--json", "--limit", "40"]).json());
    is_committed("profile-c2c", &cloud.run(&["profile", "C2Ca", "--json"]).json());
    is_committed("profile-group", &cloud.run(&["profile", "GROUPwork-1", "--json"]).json());
    let id = cloud.truth().remove(0);
    let change = ["custom-data", "vip", &id, "C2Cnobody", "--no-wait", "--json"];
    is_committed("change", &cloud.run(&change).json());
    is_committed("group-list", &cloud.run(&["group", "list", "--json"]).json());
    is_committed("group-delete", &cloud.run(&["group", "delete", "Family", "--json"]).json());
    is_committed("outbox", &cloud.run(&["outbox", "list", "--json"]).json());
    is_committed("doctor", &cloud.run(&["doctor", "--json"]).json());
    is_committed("change-failure", &cloud.run(&["pin", "C2Cnobody", "--json"]).json());
    is_committed("failure", &cloud.run(&["profile", "C2Cnobody", "--json"]).json());
    let id = ["id", "C2Calice", "GROUP@TGS#_c@TOPIC#_news", "--json"];
    is_committed("id", &cloud.run(&id).json());
    is_committed("id-failure", &cloud.run(&["id", "C2Calice", "C2C", "--json"]).json());
    let who = ["--json", "--identifier", "a", "--sdkappid", "1"];
    is_committed("usersig-make", &cloud.run(&[&["usersig", "make"], &who[..]].concat()).json());
}
