//! The difference of a whole list, for a reader that keeps all rows.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use conv_api::{
    Conversation, ConversationId, ConversationQuery, Coverage, Error, Position, ResumeFrom,
    StoreError, Totals,
    model::Commit,
    store::{Since, Snapshot},
};
use serde::Serialize;

use super::Polling;
use crate::server::{problem::Problem, stream::Query};

/// The difference to a position, in no order.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Whole {
    Changes {
        /// Rows that came or changed.
        rows: Vec<Arc<Conversation>>,
        /// Rows that left.
        removed: Vec<ConversationId>,
        position: Option<Position>,
        totals: Totals,
    },
    /// The changes are not known: read the list by pages.
    TooOld { position: Option<Position> },
}

pub(super) async fn answer(
    polling: &Polling<'_>,
    query: &Query,
    wait: Duration,
) -> Result<Response, Problem> {
    let (list, asked) = (polling.watch.list(), &query.query);
    let mut events = list.events();
    let next = async {
        loop {
            let snapshot = list.snapshot();
            if let Some(whole) = since(&snapshot, asked, query.from) {
                return Some(whole);
            }
            events.next().await?;
        }
    };
    let whole = match polling.within(wait, next).await {
        Some(Some(whole)) => whole,
        Some(None) => return Err(Error::Store(StoreError::Closed).into()),
        None => {
            let snapshot = list.snapshot();
            match since(&snapshot, asked, query.from) {
                Some(whole) => whole,
                // The reader takes silence for a list that lacks nothing.
                None if lacks_nothing(&snapshot) => {
                    return Ok(StatusCode::NO_CONTENT.into_response());
                }
                None => Whole::Changes {
                    rows: Vec::new(),
                    removed: Vec::new(),
                    position: snapshot.position(),
                    totals: snapshot.totals_of(asked),
                },
            }
        }
    };
    let json = serde_json::to_vec(&whole).unwrap_or_default();
    Ok(polling.respond(json.get(1..).unwrap_or_default()))
}

fn lacks_nothing(snapshot: &Snapshot) -> bool {
    let sync = snapshot.sync();
    sync.coverage == Coverage::Complete && sync.skipped.is_empty()
}

/// `None` if nothing has changed.
fn since(
    snapshot: &Snapshot,
    query: &ConversationQuery,
    from: Option<ResumeFrom>,
) -> Option<Whole> {
    let position = snapshot.position();
    let since = from.map(|from| snapshot.since(query, None, from));
    match since {
        Some(Since::Same) => None,
        Some(Since::Changes(commits)) => {
            let (rows, removed) = split(snapshot, query, &commits);
            let totals = snapshot.totals_of(query);
            Some(Whole::Changes { rows, removed, position, totals })
        }
        _ => Some(Whole::TooOld { position }),
    }
}

/// Splits the rows of commits into those that match now, and those that matched before.
fn split(
    snapshot: &Snapshot,
    query: &ConversationQuery,
    commits: &[Arc<Commit>],
) -> (Vec<Arc<Conversation>>, Vec<ConversationId>) {
    let changes = || commits.iter().flat_map(|commit| commit.changes.iter());
    let ids: BTreeSet<_> = changes().filter_map(|change| change.id()).collect();
    let (mut rows, mut left) = (Vec::new(), BTreeSet::new());
    for id in ids {
        match snapshot.get(id).filter(|row| query.matches(row)) {
            Some(row) => rows.push(row),
            None => drop(left.insert(id)),
        }
    }
    let before = changes().filter_map(|change| change.before.as_ref());
    let matched = before.filter(|row| left.contains(&row.id) && query.matches(row));
    let removed: BTreeSet<_> = matched.map(|row| row.id.clone()).collect();
    (rows, removed.into_iter().collect())
}
