//! Asking for a pass: pull to refresh.

use std::sync::Arc;

use axum::{Extension, extract::State};
use conv_api::SyncMark;
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
    /// The number of this request: the list is as fresh as that once its `report.reachedMark` is no
    /// smaller.
    mark: SyncMark,
}

/// `POST /conversations/refresh`: asks for a pass that begins from now on. All requests that wait are
/// served by one pass.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    if !is_nothing(&argument) {
        return Err(Problem::invalid("expected {}"));
    }
    shared.spend(&caller)?;
    let list = shared.accounts.open(&caller.account).await?;
    let fresh = match shared.interests.prolong(&list) {
        Some(fresh) => fresh,
        None => shared.interests.begin(&shared.accounts, &list).await?,
    };
    Answer::of(&Data { mark: fresh.watch.refresh()? })
}

fn is_nothing(argument: &Value) -> bool {
    argument.is_null() || argument.as_object().is_some_and(serde_json::Map::is_empty)
}
