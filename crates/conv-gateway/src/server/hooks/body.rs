//! The body of a webhook: bounded in size and time.

use std::{error::Error, time::Duration};

use axum::body::{Body, Bytes, to_bytes};
use http_body_util::LengthLimitError;

use crate::webhook::MAX_BODY;

/// The time in which a whole body has to come: after two seconds the cloud has given the call up.
const DEADLINE: Duration = Duration::from_secs(2);

/// The reason a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooLarge,
    BrokenOff,
    Late,
}

impl Unreadable {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::BrokenOff => "broken_off",
            Self::Late => "late",
        }
    }
}

/// Reads a body whole. No more than the limit is kept of one that is too large.
pub(super) async fn read(body: Body) -> Result<Bytes, Unreadable> {
    match tokio::time::timeout(DEADLINE, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.source().is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            Err(Unreadable::TooLarge)
        }
        Ok(Err(_)) => Err(Unreadable::BrokenOff),
        Err(_) => Err(Unreadable::Late),
    }
}
