//! Faults of single items of an answer.

use serde_json::{Value, json};

use crate::code;

pub(super) fn unknown_fields(reply: &mut Value) {
    let extra = || json!({"nested": [1, null, "future", {"deeper": 1.5}]});
    if let Some(map) = reply.as_object_mut() {
        map.insert("FutureField".into(), extra());
        for value in map.values_mut() {
            let rows = value.as_array_mut().into_iter().flatten();
            for row in rows.filter_map(Value::as_object_mut) {
                row.insert("FutureField".into(), extra());
            }
        }
    }
}

pub(super) fn partial_failure(reply: &mut Value) {
    let Some(map) = reply.as_object_mut() else {
        return;
    };
    let mut failed = Vec::new();
    if let Some(users) = map.get_mut("UserProfileItem").and_then(Value::as_array_mut) {
        for user in users.iter_mut().skip(1).step_by(2) {
            let id = user.get("To_Account").cloned().unwrap_or_default();
            *user = json!({"To_Account": id, "ResultCode": code::PROFILE_INTERNAL,
                "ResultInfo": "scripted by the emulator"});
            failed.push(id);
        }
    }
    if !failed.is_empty() {
        let list = map.entry("Fail_Account").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            failed.retain(|id| !list.contains(id));
            list.extend(failed);
        }
    }
    if let Some(groups) = map.get_mut("GroupInfo").and_then(Value::as_array_mut) {
        for group in groups.iter_mut().skip(1).step_by(2) {
            let id = group.get("GroupId").cloned().unwrap_or_default();
            *group = json!({"GroupId": id, "ErrorCode": code::GROUP_INTERNAL,
                "ErrorInfo": "scripted by the emulator"});
        }
    }
    if let Some(counts) = map.get_mut("C2CUnreadMsgNumList").and_then(Value::as_array_mut) {
        let mut place = 0;
        let mut errors = Vec::new();
        counts.retain(|count| {
            place += 1;
            let keep = place % 2 == 1;
            if !keep {
                let peer = count.get("Peer_Account").cloned().unwrap_or_default();
                errors.push(json!({"Peer_Account": peer, "ErrorCode": 70500}));
            }
            keep
        });
        let list = map.entry("ErrorList").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(errors);
        }
    }
}
