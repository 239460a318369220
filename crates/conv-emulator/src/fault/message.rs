//! Faults of the two commands that read messages.

use serde_json::{Value, json};

/// The fields of users' and of groups' messages.
const LISTS: [&str; 2] = ["MsgList", "RspMsgList"];

fn each(reply: &mut Value, mut change: impl FnMut(&mut Value)) {
    for name in LISTS {
        let list = reply.get_mut(name).and_then(Value::as_array_mut);
        list.into_iter().flatten().for_each(&mut change);
    }
}

fn put(message: &mut Value, field: &str, value: Value) {
    if let Some(held) = message.get_mut(field) {
        *held = value;
    }
}

pub(super) fn recalled(reply: &mut Value) {
    each(reply, |message| {
        put(message, "MsgFlagBits", json!(8));
        put(message, "IsPlaceMsg", json!(2));
    });
}

pub(super) fn deleted(reply: &mut Value) {
    no_messages_of_users(reply);
    each(reply, |message| {
        put(message, "IsPlaceMsg", json!(1));
        put(message, "MsgBody", json!([]));
    });
}

pub(super) fn none(reply: &mut Value) {
    no_messages_of_users(reply);
    put(reply, "RspMsgList", json!([]));
}

fn no_messages_of_users(reply: &mut Value) {
    put(reply, "MsgList", json!([]));
    put(reply, "MsgCnt", json!(0));
    put(reply, "LastMsgTime", json!(0));
    put(reply, "LastMsgKey", json!(""));
}

pub(super) fn texts(text: &str, reply: &mut Value) {
    each(reply, |message| {
        let elements = message.get_mut("MsgBody").and_then(Value::as_array_mut);
        for element in elements.into_iter().flatten() {
            if let Some(content) = element.get_mut("MsgContent") {
                put(content, "Text", json!(text));
            }
        }
    });
}
