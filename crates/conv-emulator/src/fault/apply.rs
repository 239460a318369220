//! How a fault is applied: before the command runs, to its answer, or to the answer's bytes.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{Fault, body, list};
use crate::{
    code,
    envelope::{self, Refusal},
    fault::Faults,
};

const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// What becomes of a call before its command runs.
pub(crate) enum Early {
    GoOn,
    Answer(Response),
    Stall,
    Close,
}

pub(crate) async fn early(fault: &Fault, display: bool) -> Early {
    match fault {
        Fault::Slow(delay) => {
            tokio::time::sleep(*delay).await;
            Early::GoOn
        }
        Fault::Stalled => Early::Stall,
        Fault::Reset => Early::Close,
        Fault::Status(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Early::Answer((status, [(header::CONTENT_TYPE, "text/html")], HTML).into_response())
        }
        Fault::Html => Early::Answer(([(header::CONTENT_TYPE, "text/html")], HTML).into_response()),
        Fault::NotJson => Early::Answer(body::json_typed(b"\xff\xfe\x00 no JSON at all".to_vec())),
        Fault::Code(code) => {
            let refusal = Refusal::new(*code, "scripted by the emulator");
            let sealed = envelope::seal(Err(refusal), display);
            Early::Answer(body::json_typed(sealed.to_string().into_bytes()))
        }
        Fault::GzipBomb(bytes) => Early::Answer(body::gzip_bomb(*bytes)),
        Fault::Oversized(bytes) => Early::Answer(body::oversized(*bytes)),
        _ => Early::GoOn,
    }
}

/// Changes an answer's fields. A fault that is not about this answer leaves it alone.
pub(crate) fn edit(
    fault: &Fault,
    faults: &Faults,
    account: &str,
    request: &Map<String, Value>,
    reply: &mut Value,
) {
    let mut script = faults.lock();
    match fault {
        Fault::StandingCursor => list::standing_cursor(request, reply),
        Fault::EmptyPage => list::empty_page(&mut script.memory, request, reply),
        Fault::NoCompleteFlag => {
            if let Some(map) = reply.as_object_mut() {
                map.remove("CompleteFlag");
            }
        }
        Fault::NullItems => {
            if let Some(rows) = reply.get_mut("SessionItem") {
                *rows = Value::Null;
            }
        }
        Fault::DuplicateRows => list::duplicate_rows(&mut script.memory, account, reply),
        Fault::BadRow(kind) => list::bad_row(*kind, reply),
        Fault::UnknownFields => unknown_fields(reply),
        Fault::PartialFailure => partial_failure(reply),
        _ => {}
    }
}

/// Turns the answer into bytes, and harms these.
pub(crate) fn finish(faults: &[Fault], reply: &Value) -> Response {
    let mut text = reply.to_string();
    for fault in faults {
        match fault {
            Fault::DeepNesting(depth) => body::nest(&mut text, *depth),
            Fault::CutJson => {
                let mut half = text.len() / 2;
                while !text.is_char_boundary(half) {
                    half -= 1;
                }
                text.truncate(half);
            }
            Fault::TruncatedBody => return body::truncated(text.into_bytes()),
            _ => {}
        }
    }
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(text))
        .unwrap_or_default()
}

fn unknown_fields(reply: &mut Value) {
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

fn partial_failure(reply: &mut Value) {
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
