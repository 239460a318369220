//! Lists: `getConversationList`, by pages too, and totals.

mod asked;
mod etag;

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use conv_api::{
    Conversation, ConversationList, Coverage, PageKey, PassStatus, SyncReport, Totals,
    store::Snapshot,
};
use serde::Serialize;

use self::asked::Asked;
use super::{
    answer::{Answer, Answered},
    body::Json,
    caller::Caller,
    position::{self, Position},
    problem::Problem,
    shared::Shared,
};

pub(super) use self::asked::{MAX_LIMIT, query};

/// The SDK's `data`, and beside it what the SDK does not say, all of one instant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    conversation_list: Vec<Arc<Conversation>>,
    is_sync_completed: bool,
    report: SyncReport,
    position: Option<Position>,
    next: Option<PageKey>,
    totals: Totals,
}

/// `POST /conversations/list`
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    answer(&shared, &caller, Asked::of_argument(argument)?).await
}

/// `GET /conversations?…`, for what cannot send a body.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let answer = answer(&shared, &caller, Asked::of_url(&uri)?).await?;
    Ok(etag::respond(answer, &headers))
}

/// `GET /totals?…`
pub(super) async fn totals(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answered {
    #[derive(Serialize)]
    struct Data {
        totals: Totals,
        position: Option<Position>,
    }

    let asked = Asked::of_url(&uri)?;
    let snapshot = shared.open(&caller).await?.snapshot();
    let totals = snapshot.totals_of(&asked.query);
    Answer::of(&Data { totals, position: position::of(&snapshot) })
}

/// `GET /groups`: as with the SDK, the names themselves.
pub(super) async fn groups(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    Answer::of(&shared.open(&caller).await?.get_conversation_group_list())
}

/// Answers from memory; never waits for the cloud.
async fn answer(shared: &Shared, caller: &Caller, asked: Asked) -> Answered {
    let conversations = shared.open(caller).await?;
    let list = conversations.get_conversation_list(asked.query.clone()).await?;
    begin_pass(shared, caller, &list);
    Answer::of(&data(list, &asked))
}

fn data(list: ConversationList, asked: &Asked) -> Data {
    let snapshot = list.snapshot().clone();
    let (is_sync_completed, report) = (list.is_sync_completed(), list.report());
    let (conversation_list, next) = page(list.conversation_list, &snapshot, asked);
    let totals = snapshot.totals_of(&asked.query);
    let position = position::of(&snapshot);
    Data { conversation_list, is_sync_completed, report, position, next, totals }
}

fn page(
    rows: Vec<Arc<Conversation>>,
    snapshot: &Snapshot,
    asked: &Asked,
) -> (Vec<Arc<Conversation>>, Option<PageKey>) {
    match (asked.limit, &asked.after) {
        (Some(limit), after) => {
            let page = snapshot.page(&asked.query, limit, after.as_ref());
            (page.rows, page.next)
        }
        (None, Some(after)) => {
            (rows.into_iter().filter(|row| PageKey::of(row) > *after).collect(), None)
        }
        (None, None) => (rows, None),
    }
}

/// A list that no pass has read since it was loaded is only a preview: has it read, once. A pass
/// that failed is repeated by the list itself.
fn begin_pass(shared: &Shared, caller: &Caller, list: &ConversationList) {
    let report = list.report();
    let is_unread = matches!(report.coverage, Coverage::Empty | Coverage::CacheOnly)
        && report.pass == PassStatus::Idle;
    if is_unread && shared.spend(caller).is_ok() {
        // Without a source, the list stays a preview, and says so.
        let _ = shared.accounts.request_sync(&caller.account);
    }
}
