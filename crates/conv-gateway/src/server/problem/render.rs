//! The body of a refusal.

use std::time::Duration;

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};
use conv_api::ErrorClass;
use serde::Serialize;

use super::Problem;

/// The page that describes the classes.
const PAGE: &str = "https://docs.rs/conv-gateway/latest/conv_gateway/#";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: i32,
    message: &'a str,
    class: &'static str,
    /// In whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// Writes the body of a response that is a refusal; `instance` is the number of the request.
pub(in crate::server) fn render(mut response: Response, instance: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let retry_after = problem.retry_after.map(whole_seconds);
    let details = Details {
        r#type: format!("{PAGE}{}", problem.class),
        title: title(problem.class),
        status: problem.status.as_u16(),
        detail: &problem.message,
        instance,
        code: problem.code,
        message: &problem.message,
        class: problem.class.as_str(),
        retry_after,
    };
    let json = serde_json::to_vec(&details).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(problem.challenge));
    }
    *response.body_mut() = Body::from(json);
    response
}

/// Rounded up: a caller who comes back a second early would be refused again.
fn whole_seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

fn title(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Transient => "Try again later",
        ErrorClass::RateLimited => "Too many calls",
        ErrorClass::Auth => "Not allowed",
        ErrorClass::InvalidArgument => "Wrong request",
        ErrorClass::NotFound => "Not found",
        ErrorClass::Unsupported => "Not offered",
        ErrorClass::Cloud => "The cloud failed",
        ErrorClass::Cancelled => "Stopped",
        _ => "The gateway failed",
    }
}
