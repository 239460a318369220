//! The envelope of every answer.

use serde_json::{Map, Value, json};

/// A command's answer, or its refusal.
pub(crate) type Reply = Result<Map<String, Value>, Refusal>;

/// An application error, sent with HTTP status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) info: String,
}

impl Refusal {
    pub(crate) fn new(code: u32, info: impl Into<String>) -> Self {
        Self { code, info: info.into() }
    }
}

/// Turns a `json!` object into a reply's fields.
pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Returns the whole body; `display` adds `ErrorDisplay`.
pub(crate) fn seal(reply: Reply, display: bool) -> Value {
    let (mut map, status, code, info) = match reply {
        Ok(map) => (map, "OK", 0, String::new()),
        Err(refusal) => (Map::new(), "FAIL", refusal.code, refusal.info),
    };
    map.insert("ActionStatus".into(), json!(status));
    map.insert("ErrorCode".into(), json!(code));
    if display {
        map.insert("ErrorDisplay".into(), json!(info));
    }
    map.insert("ErrorInfo".into(), json!(info));
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_fail_with_its_code_and_nothing_else() {
        let body = seal(Err(Refusal::new(60009, "no such command")), false);
        let expected =
            json!({"ActionStatus": "FAIL", "ErrorCode": 60009, "ErrorInfo": "no such command"});
        assert_eq!(body, expected);
    }

    #[test]
    fn a_reply_says_ok_beside_its_fields() {
        let body = seal(Ok(fields(json!({"A": 1}))), true);
        let expected = json!({"A": 1, "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "",
            "ErrorDisplay": ""});
        assert_eq!(body, expected);
    }
}
