//! The frame around every call: its number, its span, its headers, and the body of a refusal.

mod id;
mod trace;

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span, field::Empty};

use super::{
    problem::{Problem, render},
    shared::Shared,
};

pub(super) use self::id::Ids;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Around everything else.
pub(super) async fn observe(
    State(shared): State<Arc<Shared>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let id = shared.ids.of(request.headers());
    let span = span(&id, path.as_ref(), &request);
    let (begun, method) = (Instant::now(), method(request.method()));
    let response = next.run(request).instrument(span.clone()).await;
    log(&span, &response, begun);
    let route = path.as_ref().map_or("", MatchedPath::as_str);
    shared.stats.request(route, method, response.status().as_u16(), begun.elapsed());
    if let Some(problem) = response.extensions().get::<Problem>() {
        shared.stats.refused(problem.class);
    }
    finished(response, &id)
}

/// The path as it is routed: the account of a delegate's path does not show.
fn span(id: &str, path: Option<&MatchedPath>, request: &Request) -> Span {
    let span = tracing::info_span!(
        "request",
        request_id = id,
        method = method(request.method()),
        route = path.map_or("", MatchedPath::as_str),
        trace_id = Empty,
        parent_id = Empty,
        account = Empty,
    );
    if let Some(trace) = trace::Parent::of(request.headers()) {
        span.record("trace_id", trace.trace_id).record("parent_id", trace.parent_id);
    }
    span
}

/// A method is a caller's own text.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn log(span: &Span, response: &Response, begun: Instant) {
    let code = response.extensions().get::<Problem>().map_or(0, |problem| problem.code);
    let (status, millis) = (response.status().as_u16(), begun.elapsed().as_millis());
    span.in_scope(|| tracing::debug!(status, code, millis, "answered"));
}

/// Lists are one user's: no cache keeps them, unless the call says how.
fn finished(response: Response, id: &str) -> Response {
    let mut response = render(response, id);
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("private, no-store");
    headers.entry(CACHE_CONTROL).or_insert(no_store);
    // Only a page of another origin needs it, and most answers to devices are shorter than it.
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
    response
}
