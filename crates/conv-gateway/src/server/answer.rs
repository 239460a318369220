//! Answers that went well.

use axum::{
    body::Bytes,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The answer of a call.
pub(super) type Answered = Result<Answer, super::problem::Problem>;

/// The SDK's answer, as JSON: `{"code": 0, "data": …}`.
#[derive(Debug)]
pub(super) struct Answer {
    json: Vec<u8>,
    is_passing: bool,
}

/// Of a response: the same call may be answered otherwise soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing;

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: i32,
    data: &'a T,
}

impl Answer {
    pub(super) fn of<T: Serialize>(data: &T) -> Answered {
        serde_json::to_vec(&Envelope { code: 0, data })
            .map(|json| Self { json, is_passing: false })
            .map_err(|_| super::problem::Problem::panicked())
    }

    /// True if the same call may be answered otherwise soon.
    pub(super) fn passing(self, is_passing: bool) -> Self {
        Self { is_passing, ..self }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.json.into()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = ([(CONTENT_TYPE, json)], self.json).into_response();
        if self.is_passing {
            response.extensions_mut().insert(Passing);
        }
        response
    }
}
