//! Answers that went well.

use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// What a call answers.
pub(super) type Answered = Result<Answer, super::problem::Problem>;

/// The SDK's answer, as JSON: `{"code": 0, "data": …}`.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: i32,
    data: &'a T,
}

impl Answer {
    pub(super) fn of<T: Serialize>(data: &T) -> Answered {
        serde_json::to_vec(&Envelope { code: 0, data })
            .map(Self)
            .map_err(|_| super::problem::Problem::panicked())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, json)], self.0).into_response()
    }
}
