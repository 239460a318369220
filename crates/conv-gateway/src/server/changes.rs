//! The long poll: the next change of a list, for clients that cannot read a stream.

mod whole;

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use conv_api::{Error, Position, StoreError, Watch};
use serde::Deserialize;
use serde_json::Value;

use super::{
    body::Options,
    caller::Caller,
    problem::Problem,
    shared::Shared,
    stream::{self, Advanced, Feed, From, ListState, Query, Step, advance},
};

/// The maximum seconds of a wait; proxies cut a request that takes 30.
const MAX_WAIT: u64 = 25;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    query: Value,
    window: Option<usize>,
    position: Option<String>,
    conversations: Option<u64>,
    wait: Option<u64>,
    #[serde(default)]
    whole: bool,
}

/// The interest of a poll, which outlives it until the next one.
struct Polling<'a> {
    shared: &'a Shared,
    watch: Arc<Watch>,
}

/// `POST /conversations/changes`
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(asked): Options<Asked>,
) -> Result<Response, Problem> {
    let wait = asked.wait.unwrap_or(MAX_WAIT);
    if wait > MAX_WAIT {
        return Err(Problem::invalid(format!("expected a wait of at most {MAX_WAIT} seconds")));
    }
    if asked.whole && asked.window.is_some() {
        return Err(Problem::invalid("expected a window or the whole list, not both"));
    }
    let query = Query::new(asked.query, asked.window)?;
    let query = match asked.position {
        Some(position) => {
            query.from(&From::Counted { position, conversations: asked.conversations })
        }
        None => query,
    };
    let watch = Arc::new(stream::watch(&shared.accounts, &caller.account).await?);
    shared.stream.stats.poll_opened();
    let polling = Polling { shared: &shared, watch };
    let wait = Duration::from_secs(wait);
    if asked.whole {
        whole::answer(&polling, &query, wait).await
    } else {
        polling.window(&query, wait).await
    }
}

impl Polling<'_> {
    async fn window(&self, query: &Query, wait: Duration) -> Result<Response, Problem> {
        let mut feeds = [Feed::new(&self.shared.stream.views, self.watch.list(), query)];
        let from = query.from.map(|from| from.position);
        let next = poll_fn(|cx| self.poll_window(&mut feeds, from, cx));
        match self.within(wait, next).await {
            Some(Some(step)) => Ok(self.respond(&step.json)),
            Some(None) => Err(Error::Store(StoreError::Closed).into()),
            None => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }

    /// Returns the first update that says something; `None` if the list was closed.
    fn poll_window(
        &self,
        feeds: &mut [Feed],
        from: Option<Position>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Step>> {
        loop {
            match advance(self.watch.list(), feeds, &self.shared.stream.stats, cx) {
                Advanced::Closed => return Poll::Ready(None),
                Advanced::Steps { mut steps, .. } => {
                    if steps.is_empty() {
                        return Poll::Pending;
                    }
                    steps.retain(|step| !is_nothing(step, from));
                    // The next call goes on from there.
                    if let Some(step) = steps.into_iter().next() {
                        return Poll::Ready(Some(step));
                    }
                }
            }
        }
    }

    /// Waits for something, but not for long, and not for a process that ends.
    async fn within<T>(&self, wait: Duration, next: impl Future<Output = T>) -> Option<T> {
        let closed = async {
            match &self.shared.stream.drain {
                Some(drain) => drain.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            next = next => Some(next),
            () = tokio::time::sleep(wait) => None,
            () = closed => None,
        }
    }

    /// Answers with an update, and the state of the list.
    fn respond(&self, update: &[u8]) -> Response {
        let state = ListState::of(self.watch.list(), self.watch.newest_reached());
        let report = serde_json::to_vec(&state.report(&self.shared.accounts)).unwrap_or_default();
        let json = [b"{\"code\":0,\"data\":{\"state\":", &*report, b",", update, b"}"].concat();
        self.shared.stream.stats.update_sent();
        self.shared.stream.stats.bytes_sent(json.len());
        ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response()
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.shared.stream.stats.poll_ended();
        self.shared.interests.outlive_line(Arc::clone(&self.watch));
    }
}

/// Returns true for the answer to a position at which the list still is.
fn is_nothing(step: &Step, from: Option<Position>) -> bool {
    step.is_first
        && step.kind == stream::Resumed::Patch
        && step.position.is_some()
        && step.position == from
}
