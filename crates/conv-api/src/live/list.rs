//! The stream of a live query.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use conv_model::ConversationQuery;
use futures_core::Stream;

use super::{
    LiveUpdate,
    shared::{LastRead, SharedView},
};
use crate::{
    conversations::Inner,
    listener::{Listener, Seen},
};

/// The rows of a query as they change: a stream that ends when the list is closed or its last
/// handle dropped. See [`Conversations::subscribe`](crate::Conversations::subscribe).
///
/// The first update holds the rows, each later one the steps from there. It costs nothing while it
/// is not polled: a slow reader gets the steps it missed in one update, or all rows again if they
/// were too many. Readers of one query and window share the work and the rows.
///
/// ```
/// use conv_api::{Conversations, ConversationFilter, testing::ScriptedSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conv_api::Error> {
/// let conversations =
///     Conversations::builder("user_0001").source(ScriptedSource::with_rows(40)).build().await?;
/// let mut live = conversations.subscribe(ConversationFilter::group_name("")).window(10);
///
/// let mut rows = Vec::new();
/// conversations.sync().await?;
/// while let Some(update) = live.next().await {
///     update.apply(&mut rows)?;
///     println!("{} of {} rows", rows.len(), update.totals.conversations);
///     # if rows.len() == 10 { break }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "gives nothing unless it is polled"]
pub struct LiveList {
    listener: Listener,
    query: ConversationQuery,
    window: Option<usize>,
    coalesce: Duration,
    view: Option<Arc<SharedView>>,
    last_read: Option<LastRead>,
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl LiveList {
    pub(crate) fn new(listener: Listener, query: &ConversationQuery) -> Self {
        Self {
            listener,
            query: query.normalized(),
            window: None,
            coalesce: Duration::ZERO,
            view: None,
            last_read: None,
            pause: None,
        }
    }

    /// Holds at most this many rows, from the top of the list. Without a window it holds all; with
    /// one of zero rows its updates hold the totals alone.
    pub fn window(mut self, rows: usize) -> Self {
        self.set_window(rows);
        self
    }

    /// Sets the minimum time between two updates; changes meanwhile are in the later one.
    /// The first after a quiet time comes at once. Zero by default.
    pub fn coalesce(self, time: Duration) -> Self {
        Self { coalesce: time, ..self }
    }

    /// Holds more or fewer rows from now on, for example when a user scrolls: the next update gives all
    /// of them.
    pub fn set_window(&mut self, rows: usize) {
        self.window = Some(rows);
        (self.view, self.last_read, self.pause) = (None, None, None);
    }

    /// Returns the next update; `None` once the list is closed or its last handle dropped. Cancel-safe.
    pub async fn next(&mut self) -> Option<LiveUpdate> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<LiveUpdate>> {
        loop {
            let Some(list) = self.listener.list() else { return Poll::Ready(None) };
            ready!(self.poll_pause(cx));
            let snapshot = list.store.snapshot();
            let seen = Seen::of(&list, &snapshot);
            let view =
                self.view.get_or_insert_with(|| list.views.join((self.query.clone(), self.window)));
            if let Some(update) = view.read(&snapshot, &mut self.last_read) {
                self.pause(&list);
                return Poll::Ready(Some(update));
            }
            if ready!(self.listener.poll_newer(&list, cx, seen)).is_err() {
                return Poll::Ready(None);
            }
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }

    fn pause(&mut self, list: &Inner) {
        if !self.coalesce.is_zero() {
            let clock = Arc::clone(&list.clock);
            let end = clock.now().saturating_add(self.coalesce);
            let ended = list.ended();
            self.pause = Some(Box::pin(async move {
                tokio::select! {
                    biased;
                    () = ended => {}
                    () = clock.sleep(end.saturating_sub(clock.now())) => {}
                }
            }));
        }
    }
}

impl Stream for LiveList {
    type Item = LiveUpdate;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LiveUpdate>> {
        self.get_mut().poll(cx)
    }
}

impl fmt::Debug for LiveList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveList")
            .field("query", &self.query)
            .field("window", &self.window)
            .field("coalesce", &self.coalesce)
            .finish_non_exhaustive()
    }
}
