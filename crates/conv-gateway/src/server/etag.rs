//! Answering again only what has changed.

use std::fmt::Write;

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// Responds with JSON, or with 304 if the caller has it.
///
/// The tag is made from the answer itself: it holds in every process and after a restart, and changes
/// with the report as well. It is weak, since the answer may be compressed.
pub(super) fn respond(json: Bytes, headers: &HeaderMap, caching: &'static str) -> Response {
    respond_as("application/json", json, headers, caching)
}

/// Responds with bytes of a kind, or with 304 if the caller has them.
pub(super) fn respond_as(
    kind: &'static str,
    bytes: Bytes,
    headers: &HeaderMap,
    caching: &'static str,
) -> Response {
    let tag = tag(&bytes);
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn tag(bytes: &[u8]) -> String {
    let mut tag = String::from("W/\"");
    for byte in Sha256::digest(bytes).iter().take(16) {
        // Writing to a `String` cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim() == tag)
}
