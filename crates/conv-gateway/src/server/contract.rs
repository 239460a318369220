//! The contract: `openapi.json`, kept by hand. Tests compare every answer that they see with it.

use axum::{body::Bytes, http::HeaderMap, response::Response};

use super::etag;

pub(super) const FILE: &[u8] = include_bytes!("../../openapi.json");

/// `GET /openapi.json`: the same for all callers, and for as long as this version runs.
pub(super) async fn get(headers: HeaderMap) -> Response {
    etag::respond(Bytes::from_static(FILE), &headers, "no-cache")
}
