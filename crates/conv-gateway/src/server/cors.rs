//! The pages of other origins that may call.

use std::{collections::BTreeSet, time::Duration};

use axum::http::{
    HeaderName, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, ETAG, ORIGIN, RETRY_AFTER},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request::X_REQUEST_ID;

/// Also names, on every answer, what it depends on.
pub(super) fn layer(origins: BTreeSet<String>) -> CorsLayer {
    let is_allowed = move |origin: &str| origins.contains(origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origin.to_str().is_ok_and(&is_allowed)
        }))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("traceparent"),
            X_REQUEST_ID,
        ])
        .expose_headers([
            ETAG,
            RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            X_REQUEST_ID,
        ])
        .max_age(Duration::from_secs(7200))
        .vary([AUTHORIZATION, ORIGIN])
}
