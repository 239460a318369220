//! Lists: `getConversationList`, by pages too, and totals.

mod asked;

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use conv_api::{
    Conversation, ConversationList, Conversations, PageKey, SyncMark, SyncReport, Totals,
};
use serde::Serialize;

use self::asked::Asked;
use super::{
    answer::{Answer, Answered},
    body::Json,
    caller::Caller,
    etag::{Basis, Tags},
    interest::Fresh,
    position::{self, Position},
    problem::Problem,
    shared::Shared,
};

pub(super) use self::asked::{MAX_LIMIT, query};

/// The SDK's `data`, and members beyond the SDK's, all of one instant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    conversation_list: Vec<Arc<Conversation>>,
    is_sync_completed: bool,
    report: Report,
    position: Option<Position>,
    next: Option<PageKey>,
    totals: Totals,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(flatten)]
    sync: SyncReport,
    /// The newest mark that the list has reached: all that the cloud had by then is in it. `None` if the
    /// account is not kept fresh.
    reached_mark: Option<SyncMark>,
}

/// `POST /conversations/list`
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    answer(&shared, &caller, Asked::of_argument(argument)?).await
}

/// `GET /conversations?…`, for clients that cannot send a body.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of_url(&uri)?;
    let (conversations, fresh) = shared.open(&caller).await?;
    let (reached, tags) = (reached(fresh.as_ref()), tags(fresh));
    let (snapshot, report) = (conversations.snapshot(), conversations.sync_report());
    let basis = asked.basis(&snapshot, &Report { sync: report, reached_mark: reached });
    if let Some(unchanged) = tags.unchanged(&basis, &headers) {
        return Ok(unchanged);
    }
    // The list may have moved on since.
    let (list, next) = rows(&conversations, &asked).await?;
    let snapshot = list.snapshot().clone();
    let data = data(list, next, &asked, reached);
    let basis = asked.basis(&snapshot, &data.report);
    Ok(tags.respond(basis, Answer::of(&data)?.into_bytes(), &headers))
}

/// `GET /totals?…`
pub(super) async fn totals(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    #[derive(Serialize)]
    struct Data {
        totals: Totals,
        position: Option<Position>,
    }

    let query = Asked::query_of_url(&uri)?;
    let (conversations, fresh) = shared.open(&caller).await?;
    let (snapshot, tags) = (conversations.snapshot(), tags(fresh));
    let basis = Basis::new(&snapshot, &("totals", &query));
    if let Some(unchanged) = tags.unchanged(&basis, &headers) {
        return Ok(unchanged);
    }
    let (totals, position) = (snapshot.totals_of(&query), position::of(&snapshot));
    Ok(tags.respond(basis, Answer::of(&Data { totals, position })?.into_bytes(), &headers))
}

/// Without an interest, nothing is remembered.
fn tags(fresh: Option<Fresh>) -> Arc<Tags> {
    fresh.map(|fresh| fresh.tags).unwrap_or_default()
}

/// Taken before the rows are read: they may be newer than the mark says, and never older.
fn reached(fresh: Option<&Fresh>) -> Option<SyncMark> {
    fresh.map(|fresh| fresh.watch.newest_reached())
}

/// `GET /groups`: as with the SDK, the names themselves.
pub(super) async fn groups(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let (conversations, _) = shared.open(&caller).await?;
    Answer::of(&conversations.get_conversation_group_list())
}

/// Answers from memory; never waits for the cloud.
async fn answer(shared: &Shared, caller: &Caller, asked: Asked) -> Answered {
    let (conversations, fresh) = shared.open(caller).await?;
    // Before the rows are read: they may be newer than the mark says, and never older.
    let reached = reached(fresh.as_ref());
    let (list, next) = rows(&conversations, &asked).await?;
    Answer::of(&data(list, next, &asked, reached))
}

/// Reads the rows that are asked for, and no others.
async fn rows(
    conversations: &Conversations,
    asked: &Asked,
) -> Result<(ConversationList, Option<PageKey>), Problem> {
    let (query, after) = (asked.query.clone(), asked.after.as_ref());
    if let Some(limit) = asked.limit {
        return Ok(conversations.list_page(query, limit, after));
    }
    let mut list = conversations.get_conversation_list(query).await?;
    if let Some(after) = after {
        list.conversation_list.retain(|row| PageKey::of(row) > *after);
    }
    Ok((list, None))
}

fn data(
    list: ConversationList,
    next: Option<PageKey>,
    asked: &Asked,
    reached_mark: Option<SyncMark>,
) -> Data {
    let is_sync_completed = list.is_sync_completed();
    let report = Report { sync: list.report(), reached_mark };
    let totals = list.snapshot().totals_of(&asked.query);
    let position = position::of(list.snapshot());
    let conversation_list = list.conversation_list;
    Data { conversation_list, is_sync_completed, report, position, next, totals }
}
