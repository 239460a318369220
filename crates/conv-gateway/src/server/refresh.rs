//! Asking for a pass: pull to refresh.

use std::sync::Arc;

use axum::{Extension, extract::State};
use serde::Serialize;
use serde_json::Value;

use super::{
    answer::{Answer, Answered},
    body::Json,
    caller::Caller,
    problem::Problem,
    shared::Shared,
};

#[derive(Serialize)]
struct Data {
    /// Names this request: reports name it once a pass that began after it has succeeded.
    mark: String,
}

/// `POST /conversations/refresh`: begins a pass in the background. All requests that wait are served by
/// one pass.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    if !is_nothing(&argument) {
        return Err(Problem::invalid("expected {}"));
    }
    shared.spend(&caller)?;
    shared.accounts.request_sync(&caller.account)?;
    Answer::of(&Data { mark: shared.ids.next() })
}

fn is_nothing(argument: &Value) -> bool {
    argument.is_null() || argument.as_object().is_some_and(serde_json::Map::is_empty)
}
