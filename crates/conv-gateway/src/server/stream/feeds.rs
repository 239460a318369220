//! The queries of a line, which advance together.

use std::{
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Bytes;
use conv_api::{
    ConversationQuery, Conversations, LiveChange, LiveList, LiveUpdate, Position, store::Snapshot,
};
use futures_core::Stream;

use super::{
    asked::Query,
    stats::{Counters, Resumed},
    view::{SharedView, SharedViews},
};
use crate::server::sum;

/// Rounds in which a line tries to bring its queries to one commit. Only a list that changes faster
/// than its queries are read needs more, and then the next call goes on.
const ROUNDS: usize = 3;

/// One query of a line.
pub(in crate::server) struct Feed {
    query: ConversationQuery,
    window: usize,
    live: LiveList,
    view: Arc<SharedView>,
    /// The client came with a position, which the first update answers.
    resumes: bool,
    is_begun: bool,
}

/// An update of a query.
pub(in crate::server) struct Step {
    /// The number of the query.
    pub(in crate::server) feed: usize,
    /// The update as JSON without its first brace.
    pub(in crate::server) json: Bytes,
    /// The kind of change.
    pub(in crate::server) kind: Resumed,
    pub(in crate::server) position: Option<Position>,
    /// The first update of its query.
    pub(in crate::server) is_first: bool,
}

/// The result of polling all queries.
pub(in crate::server) enum Advanced {
    /// Updates, or none; then the caller is woken for more.
    Steps {
        steps: Vec<Step>,
        /// The commit that all queries are at.
        at: Option<Snapshot>,
    },
    /// The list was closed.
    Closed,
}

impl Feed {
    pub(in crate::server) fn new(views: &SharedViews, list: &Conversations, asked: &Query) -> Self {
        let query = asked.query.normalized();
        let live = list.subscribe(query.clone()).window(asked.window);
        let live = match asked.from {
            Some(from) => live.resume(from),
            None => live,
        };
        let view = views.join(list, &query, asked.window);
        let (window, resumes) = (asked.window, asked.has_position);
        Self { query, window, live, view, resumes, is_begun: false }
    }

    /// The first update, and the kind of its answer to a position.
    fn begin(&mut self, kind: Resumed, counters: &Counters) -> bool {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first && self.resumes {
            counters.resumed(kind);
        }
        is_first
    }

    fn sum(&self, at: &Snapshot) -> u32 {
        match NonZeroUsize::new(self.window) {
            Some(window) => {
                sum::of(at.page(&self.query, window, None).rows.iter().map(|row| &row.id))
            }
            None => 0,
        }
    }
}

/// Polls all queries of a list until they are at one commit.
pub(in crate::server) fn advance(
    list: &Conversations,
    feeds: &mut [Feed],
    counters: &Counters,
    cx: &mut Context<'_>,
) -> Advanced {
    let (mut updates, mut at) = (Vec::new(), None);
    for _ in 0..ROUNDS {
        let snapshot = list.snapshot();
        let mut is_ahead = false;
        for (number, feed) in feeds.iter_mut().enumerate() {
            match Pin::new(&mut feed.live).poll_next(cx) {
                Poll::Ready(None) => return Advanced::Closed,
                Poll::Ready(Some(update)) => {
                    // Others may have brought the view further meanwhile.
                    is_ahead |= update.seq > snapshot.seq();
                    updates.push((number, update));
                }
                // What was not changed up to now was not at the snapshot either.
                Poll::Pending => {}
            }
        }
        if !is_ahead {
            at = Some(snapshot);
            break;
        }
    }
    Advanced::Steps { steps: steps(updates, feeds, at.as_ref(), counters), at }
}

/// Makes JSON of updates. The sum is known of the last one of a query, if all are at one commit.
fn steps(
    updates: Vec<(usize, LiveUpdate)>,
    feeds: &mut [Feed],
    at: Option<&Snapshot>,
    counters: &Counters,
) -> Vec<Step> {
    let numbers: Vec<usize> = updates.iter().map(|(number, _)| *number).collect();
    let mut steps = Vec::with_capacity(updates.len());
    for (index, (number, update)) in updates.into_iter().enumerate() {
        let Some(feed) = feeds.get_mut(number) else { continue };
        let (position, kind) = (update.position, kind(&update));
        let is_first = feed.begin(kind, counters);
        let is_last = !numbers.iter().skip(index + 1).any(|later| *later == number);
        let sum = at.filter(|_| is_last).map(|at| || feed.sum(at));
        let json = feed.view.json(update, sum, counters);
        steps.push(Step { feed: number, json, kind, position, is_first });
    }
    steps
}

fn kind(update: &LiveUpdate) -> Resumed {
    match update.change {
        LiveChange::Patch { .. } => Resumed::Patch,
        LiveChange::Sync { .. } => Resumed::Sync,
        _ => Resumed::Reset,
    }
}
