//! Applies faults: before the command runs, to its answer, or to the answer's bytes.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{Closing, Fault, Faults, batch, body, list, message, profile, row};
use crate::{
    envelope::{self, Refusal},
    http_date::http_date,
    odd,
};

const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
/// The fields of a request that continue a listing, if they are neither 0 nor empty.
const CURSORS: [&str; 7] = [
    "TimeStamp",
    "StartIndex",
    "TopTimeStamp",
    "TopStartIndex",
    "Offset",
    "ReqMsgSeq",
    "LastMsgKey",
];

/// The state that a fault may read before the command runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Map<String, Value>,
    /// Set if the service adds `ErrorDisplay`.
    pub(crate) display: bool,
    /// The number of the request on its connection, from 1 on.
    pub(crate) on_connection: u64,
}

/// The effect of faults before the command runs.
pub(crate) enum Early {
    GoOn,
    Answer(Response),
    Stall,
    /// The connection ends after the command has run.
    LoseAnswer,
    /// The connection ends at once.
    Close(Closing),
}

pub(crate) async fn early(fault: &Fault, call: Call<'_>) -> Early {
    match fault {
        Fault::Slow(delay) => {
            tokio::time::sleep(*delay).await;
            Early::GoOn
        }
        Fault::Stalled => Early::Stall,
        Fault::Reset => Early::LoseAnswer,
        Fault::OneRequest(closing) if call.on_connection > 1 => Early::Close(*closing),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Early::Answer((status, [(header::CONTENT_TYPE, "text/html")], HTML).into_response())
        }
        Fault::Html => Early::Answer(([(header::CONTENT_TYPE, "text/html")], HTML).into_response()),
        Fault::NotJson => Early::Answer(body::json_typed(b"\xff\xfe\x00 no JSON at all".to_vec())),
        Fault::Code(code) => refuse(*code, call),
        Fault::CursorRefused(code) if continues(call.request) => refuse(*code, call),
        Fault::GzipBomb(bytes) => Early::Answer(body::gzip_bomb(*bytes)),
        Fault::Oversized(bytes) => Early::Answer(body::oversized(*bytes)),
        _ => Early::GoOn,
    }
}

fn refuse(code: u32, call: Call<'_>) -> Early {
    let refusal = Refusal::new(code, "scripted by the emulator");
    let sealed = envelope::seal(Err(refusal), call.display);
    Early::Answer(body::json_typed(sealed.to_string().into_bytes()))
}

fn continues(request: &Map<String, Value>) -> bool {
    let is_start = |value: &Value| value.as_u64() == Some(0) || value == "" || value.is_null();
    CURSORS.iter().filter_map(|field| request.get(*field)).any(|value| !is_start(value))
}

/// Changes an answer's fields. A fault that does not concern this answer leaves it unchanged.
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
        Fault::NoCompleteFlag => remove(reply, "CompleteFlag"),
        Fault::NullItems => {
            if let Some(rows) = reply.get_mut("SessionItem") {
                *rows = Value::Null;
            }
        }
        Fault::NoItems => remove(reply, "SessionItem"),
        Fault::DuplicateRows => list::duplicate_rows(&mut script.memory, account, reply),
        Fault::BadRow(kind) => row::insert(*kind, reply),
        Fault::SpoiltRows { kind, every } => row::spoil_each(*kind, *every, reply),
        Fault::NewerRows(by) => row::newer(*by, reply),
        Fault::Recalled => message::recalled(reply),
        Fault::Deleted => message::deleted(reply),
        Fault::NoMessages => message::none(reply),
        Fault::Texts(text) => message::texts(text, reply),
        Fault::Names(name) => profile::names(name, request, reply),
        Fault::NoNames => profile::no_names(request, reply),
        Fault::Avatars(url) => profile::avatars(url, request, reply),
        Fault::NoAvatars => profile::no_avatars(request, reply),
        Fault::HugeAvatar(bytes) => profile::huge_avatar(*bytes, request, reply),
        Fault::NoConversationGroups => profile::no_conversation_groups(reply),
        Fault::RenamedConversationGroups(suffix) => {
            profile::rename_conversation_groups(suffix, reply)
        }
        Fault::UnknownFields => batch::unknown_fields(reply),
        Fault::PartialFailure => batch::partial_failure(reply),
        _ => {}
    }
}

fn remove(reply: &mut Value, field: &str) {
    if let Some(map) = reply.as_object_mut() {
        map.remove(field);
    }
}

/// Turns the answer into bytes, and applies faults to them.
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
            Fault::TruncatedBody => return body::truncated(odd::bytes(text)),
            _ => {}
        }
    }
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(odd::bytes(text)))
        .unwrap_or_default()
}

/// Returns the `Date` header of an answer at this second.
pub(crate) fn date(faults: &[Fault], now: u64) -> Option<HeaderValue> {
    let mut date = http_date(now);
    for fault in faults {
        match fault {
            Fault::NoDate => return None,
            Fault::DateOff(by) => date = http_date(now.saturating_add_signed(*by)),
            Fault::BadDate => date = "yesterday, about noon".to_owned(),
            _ => {}
        }
    }
    HeaderValue::from_str(&date).ok()
}
