//! Bodies of requests: bounded in size, time and depth.

mod depth;
mod unique;
mod words;

use std::{error::Error, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use conv_api::ErrorClass;
use http_body_util::LengthLimitError;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::problem::{Problem, sdk};

pub(super) use self::words::of as words;

/// The maximum bytes of a body.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// The time in which a whole body has to come.
const DEADLINE: Duration = Duration::from_secs(10);

/// The members of an object, and no others.
#[derive(Debug)]
pub(super) struct Options<T>(pub(super) T);

/// Any JSON; `null` if there is no body.
#[derive(Debug)]
pub(super) struct Json(pub(super) Value);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Options<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = json(request).await?;
        // A derived implementation would also read a list of the values.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::invalid("expected a JSON object"));
        }
        parsed(&json).map(Self)
    }
}

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = json(request).await?;
        if json.is_empty() { Ok(Self(Value::Null)) } else { parsed(&json).map(Self) }
    }
}

/// Reads a whole body.
pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    match tokio::time::timeout(DEADLINE, to_bytes(body, MAX_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.source().is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            let message = format!("expected a body of at most {MAX_BYTES} bytes");
            Err(Problem::invalid_with(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Ok(Err(_)) => Err(Problem::invalid("body broke off")),
        Err(_) => {
            let (status, class) = (StatusCode::REQUEST_TIMEOUT, ErrorClass::Transient);
            Err(Problem::new(status, class, sdk::TIMED_OUT, "body did not come in time"))
        }
    }
}

async fn json(request: Request) -> Result<Bytes, Problem> {
    let is_json = is_json(request.headers());
    let json = read(request.into_body()).await?;
    if !json.is_empty() && !is_json {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::invalid_with(status, "expected application/json"));
    }
    if !depth::is_within(&json, depth::MAX) {
        return Err(too_deep());
    }
    match unique::twice(&json) {
        None => Ok(json),
        Some(name) => Err(Problem::invalid(format!("member {name:?} is there twice"))),
    }
}

fn too_deep() -> Problem {
    Problem::invalid(format!("expected JSON nested at most {} deep", depth::MAX))
}

/// A page of another origin can send other types without asking.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn parsed<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = value_of(&mut reader)?;
    reader.end().map_err(|error| Problem::invalid(words::of(&error)))?;
    Ok(value)
}

/// Reads a value from JSON. Its error names the member that is wrong.
pub(super) fn value_of<'de, T: Deserialize<'de>>(
    json: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Problem> {
    serde_path_to_error::deserialize(json)
        .map_err(|error| Problem::invalid(words::with_member(&error)))
}
