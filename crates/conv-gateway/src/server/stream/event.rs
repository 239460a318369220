//! Events as a stream has them (`text/event-stream`).

use axum::body::Bytes;
use conv_api::Position;
use serde::Serialize;

use super::stats::{End, Resumed};

/// Returns an event of one line of JSON.
pub(in crate::server) fn event(name: &str, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {json}\n\n").into()
}

/// Returns the beginning of an update, up to where all readers of a view get the same bytes.
pub(in crate::server) fn update(kind: Resumed, id: Option<&Id>, key: &str) -> Bytes {
    let name = kind.as_str();
    let id = id.map(Id::line).unwrap_or_default();
    let key = serde_json::to_string(key).unwrap_or_default();
    format!("event: {name}\n{id}data: {{\"key\":{key},").into()
}

/// The end of an event.
pub(in crate::server) const END: Bytes = Bytes::from_static(b"\n\n");

/// Returns a comment, which shows that the line is alive. An ID without data is not an event, but the
/// client goes on from it.
pub(in crate::server) fn heartbeat(id: Option<&Id>) -> Bytes {
    match id {
        Some(id) => format!("{}:\n\n", id.line()).into(),
        None => Bytes::from_static(b":\n\n"),
    }
}

/// The farewell of a line.
pub(in crate::server) fn bye(end: End, retry_after_millis: u64) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Bye {
        reason: &'static str,
        retry_after_ms: u64,
    }

    let data = Bye { reason: end.as_str(), retry_after_ms: retry_after_millis };
    let json = serde_json::to_string(&data).unwrap_or_default();
    // An `EventSource` comes back by itself.
    format!("event: bye\nretry: {retry_after_millis}\ndata: {json}\n\n").into()
}

/// The position that a client goes on from; none makes it forget an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) struct Id(pub(in crate::server) Option<Position>);

impl Id {
    fn line(&self) -> String {
        match self.0 {
            Some(position) => format!("id: {position}\n"),
            None => "id\n".to_owned(),
        }
    }
}
