//! A refusal of the gateway as an error.

use std::{fmt::Write, time::Duration};

use conv_model::ErrorClass;
use conv_sync::{Retry, SourceError};
use serde::Deserialize;

/// The maximum number of characters of the gateway's words in an error.
const MAX_CHARS: usize = 200;

#[derive(Deserialize)]
struct Problem {
    code: i32,
    class: ErrorClass,
    #[serde(default)]
    message: String,
}

/// Returns the error for a status and its body: a problem, or what a proxy in between said.
pub(super) fn of(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    secret: &str,
) -> SourceError {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        return SourceError::Http { status, retry_after };
    };
    let (class, retry) = meaning(problem.class, status);
    let message = shown(&problem.message, secret);
    SourceError::Cloud { code: problem.code, class, retry, message, retry_after }
}

/// Returns what an error of the gateway is to a device, whose own store is another one.
fn meaning(class: ErrorClass, status: u16) -> (ErrorClass, Retry) {
    match class {
        ErrorClass::Transient | ErrorClass::RateLimited => (class, Retry::BackOff),
        ErrorClass::Auth
        | ErrorClass::InvalidArgument
        | ErrorClass::NotFound
        | ErrorClass::Unsupported => (class, Retry::Never),
        ErrorClass::Cloud => (ErrorClass::Cloud, Retry::Once),
        ErrorClass::Cancelled | ErrorClass::Store | ErrorClass::Corrupt => {
            (ErrorClass::Transient, Retry::BackOff)
        }
        _ if status >= 500 => (ErrorClass::Transient, Retry::BackOff),
        _ => (ErrorClass::Cloud, Retry::Never),
    }
}

/// Shortens a text, escapes control and direction characters, and takes out a secret that the other side
/// may have echoed.
fn shown(text: &str, secret: &str) -> String {
    let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "[REDACTED]") };
    let mut out = String::new();
    for char in text.chars().take(MAX_CHARS) {
        let is_tricky = char.is_control()
            || matches!(char, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if is_tricky {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{}", char.escape_unicode());
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_number_and_class_and_no_secret() {
        let body = br#"{"type":"x","code":2996,"class":"rate_limited","message":"s3cret\u0007"}"#;
        let error = of(429, Some(Duration::from_secs(7)), body, "s3cret");
        assert_eq!((error.number(), error.class()), (2996, ErrorClass::RateLimited));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret") && !shown.contains('\u{7}'), "{shown}");
    }

    #[test]
    fn what_is_no_problem_is_the_status_alone() {
        for body in [&b""[..], b"<html>", b"{}", b"[1]", b"{\"code\":1,\"class\":\"new\"}"] {
            assert!(matches!(of(502, None, body, ""), SourceError::Http { status: 502, .. }));
        }
    }
}
