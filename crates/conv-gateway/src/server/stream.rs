//! Streams: each change of a list as it happens, in events of server-sent events.

mod asked;
mod event;
mod feeds;
mod line;
mod lines;
mod login;
mod report;
mod stats;
mod tickets;
mod view;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Body,
    extract::{Query as UrlQuery, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use conv_api::{AccountId, Accounts, Error, Watch, WatchLevel};
use serde::{Deserialize, Serialize};

use self::{
    line::Line, lines::Lines, stats::Counters, tickets::Ticket, tickets::Tickets, view::SharedViews,
};
use super::{
    answer::{Answer, Answered},
    body::Options,
    caller::Caller,
    problem::Problem,
    shared::Shared,
    stats::GatewayStats,
};
use crate::Drain;

pub use self::stats::StreamStats;
pub(super) use self::{
    asked::{From, Query},
    feeds::{Advanced, Feed, Step, advance},
    report::State as ListState,
    stats::Resumed,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The state that streams and long polls share.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) drain: Option<Drain>,
    pub(super) line_age: Duration,
    pub(super) lines: Lines,
    pub(super) views: SharedViews,
    pub(super) tickets: Tickets,
    pub(super) stats: Counters,
}

impl Streams {
    pub(super) fn new(drain: Option<Drain>, line_age: Duration, stats: GatewayStats) -> Self {
        Self {
            drain,
            line_age,
            lines: Lines::default(),
            views: SharedViews::default(),
            tickets: Tickets::default(),
            stats: Counters::new(stats),
        }
    }
}

/// Begins an interest of a reader who looks at the list.
pub(super) async fn watch(accounts: &Accounts, account: &AccountId) -> Result<Watch, Error> {
    accounts.watch(account, WatchLevel::Visible).await
}

/// `POST /conversations/stream`
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Options(body): Options<asked::Body>,
) -> Result<Response, Problem> {
    let queries = resumed(body.queries()?, &headers);
    Ok(stream(Line::open(&shared, &caller, queries).await?))
}

/// `POST /stream-ticket`
pub(super) async fn ticket(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(body): Options<asked::Body>,
) -> Answered {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        ticket: &'a str,
        /// In seconds.
        expires_in: u64,
    }

    let mut queries = body.queries()?;
    let (Some(query), true) = (queries.pop(), queries.is_empty()) else {
        return Err(Problem::invalid("expected one query"));
    };
    let text = shared.tokens.ticket(&shared.ids.next());
    shared.stream.tickets.issue(text.clone(), Ticket { caller, query }, shared.now())?;
    Answer::of(&Data { ticket: &text, expires_in: tickets::LIFETIME.as_secs() })
}

/// `GET /conversations/stream?ticket=…`, for an `EventSource`, which shows no status and no body: a
/// refusal is an event.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    url: Result<UrlQuery<Shown>, axum::extract::rejection::QueryRejection>,
) -> Response {
    match by_ticket(&shared, &headers, url.ok().map(|UrlQuery(shown)| shown)).await {
        Ok(line) => stream(line),
        Err(problem) => stream_of(Body::from(refusal(&problem))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    ticket: String,
}

async fn by_ticket(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    shown: Option<Shown>,
) -> Result<Line, Problem> {
    let shown = shown.ok_or_else(|| Problem::invalid("expected a ticket, and nothing else"))?;
    let Ticket { caller, query } = shared.stream.tickets.take(&shown.ticket, shared.now())?;
    let queries = resumed(vec![query], headers);
    Ok(Line::open(shared, &caller, queries).await?)
}

/// A client with one query may say its position as an `EventSource` does.
fn resumed(mut queries: Vec<(String, Query)>, headers: &HeaderMap) -> Vec<(String, Query)> {
    let id = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    if let ([(_, query)], Some(id)) = (queries.as_mut_slice(), id) {
        if !query.has_position {
            *query = query.clone().from(&From::Position(id.to_owned()));
        }
    }
    queries
}

fn refusal(problem: &Problem) -> axum::body::Bytes {
    #[derive(Serialize)]
    struct Data<'a> {
        status: u16,
        code: i32,
        message: &'a str,
        class: &'static str,
    }

    event::event(
        "error",
        &Data {
            status: problem.status.as_u16(),
            code: problem.code,
            message: &problem.message,
            class: problem.class.as_str(),
        },
    )
}

fn stream(line: Line) -> Response {
    stream_of(Body::new(line))
}

/// No proxy is to hold events back, or to change them.
fn stream_of(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}
