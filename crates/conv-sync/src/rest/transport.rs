//! HTTP: sends a request and reads a body of capped size. Errors never contain the URL, which holds
//! the UserSig.

use std::{error::Error, io, sync::Arc, time::Duration};

use conv_model::Timestamp;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{DATE, HeaderName, RETRY_AFTER},
};

use super::{cloud_time, sanitize};
use crate::{
    SourceError, UserSig,
    http::{self, BodyError},
};

/// The maximum size of a body in bytes. The cloud caps its replies at one megabyte (its code
/// 10018).
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A request without a usable reply.
pub(super) enum Failed {
    /// The connection broke before an answer began, so the request may be sent again.
    Unanswered(SourceError),
    /// Anything else.
    Other(SourceError),
}

/// Sends a request. Returns the body of a reply with status 200 and the time it states.
pub(super) async fn send(
    request: RequestBuilder,
    user_sig: &UserSig,
) -> Result<(Vec<u8>, Option<Timestamp>), Failed> {
    let mut response = request.send().await.map_err(|error| unanswered(error, user_sig))?;
    let time = cloud_time::of_http_date(header(&response, &DATE));
    if response.status() != StatusCode::OK {
        return Err(Failed::Other(SourceError::Http {
            status: response.status().as_u16(),
            retry_after: retry_after(&response, time),
        }));
    }
    let body = read_body(&mut response, user_sig).await.map_err(Failed::Other)?;
    Ok((body, time))
}

fn unanswered(error: reqwest::Error, user_sig: &UserSig) -> Failed {
    // An invalid request, a timeout or a refused connection would recur at once.
    let is_broken = error.is_request() && !error.is_connect() && !error.is_timeout();
    if error.is_connect() {
        return Failed::Other(not_connected(error, user_sig));
    }
    let error = failed(error, "waiting for the answer", user_sig);
    if is_broken { Failed::Unanswered(error) } else { Failed::Other(error) }
}

impl From<SourceError> for Failed {
    fn from(error: SourceError) -> Self {
        Self::Other(error)
    }
}

impl From<Failed> for SourceError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unanswered(error) | Failed::Other(error) => error,
        }
    }
}

async fn read_body(response: &mut Response, user_sig: &UserSig) -> Result<Vec<u8>, SourceError> {
    http::body(response, MAX_BODY).await.map_err(|error| match error {
        BodyError::TooLarge => protocol("a body of more than 4 MiB"),
        BodyError::Lost(error) => failed(error, "reading the answer", user_sig),
    })
}

/// A connection that was refused, not resolved, or not made in time: nothing was sent.
fn not_connected(error: reqwest::Error, user_sig: &UserSig) -> SourceError {
    let (what, cause) = described(&error.without_url(), "connecting", user_sig);
    SourceError::NotConnected { what, cause }
}

fn failed(error: reqwest::Error, doing: &str, user_sig: &UserSig) -> SourceError {
    let error = error.without_url();
    if error.is_timeout() {
        return SourceError::TimedOut;
    }
    let is_cut =
        http::io_error(&error).is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
    if is_cut && (error.is_body() || error.is_decode()) {
        return protocol("a body that ends early");
    }
    let (what, cause) = described(&error, doing, user_sig);
    SourceError::Network { what, cause }
}

type Cause = Arc<dyn Error + Send + Sync>;

/// Returns the words for an error, and the I/O error underneath.
fn described(error: &reqwest::Error, doing: &str, user_sig: &UserSig) -> (String, Option<Cause>) {
    let innermost = http::causes(error).last().map(ToString::to_string).unwrap_or_default();
    let words = sanitize::for_error(&innermost, user_sig.expose());
    let cause = http::io_error(error).map(|error| Arc::new(error) as _);
    (format!("{doing}: {words}"), cause)
}

/// Returns `Retry-After`, given in seconds or as a date relative to the reply's own.
fn retry_after(response: &Response, now: Option<Timestamp>) -> Option<Duration> {
    let text = header(response, &RETRY_AFTER);
    let seconds = text.parse().ok().or_else(|| {
        let until = cloud_time::of_http_date(text)?;
        Some(until.as_secs().saturating_sub(now?.as_secs()))
    });
    seconds.map(Duration::from_secs)
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> &'a str {
    let value = response.headers().get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn protocol(what: &str) -> SourceError {
    SourceError::Protocol { what: what.to_owned() }
}
