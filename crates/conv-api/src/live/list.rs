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
use conv_store::ResumeFrom;
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
    resume: Option<ResumeFrom>,
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
            resume: None,
            view: None,
            last_read: None,
            pause: None,
        }
    }

    /// Holds at most this many rows, from the top of the list. Without a window it holds all; with
    /// one of zero rows its updates hold the totals alone.
    pub fn window(mut self, rows: usize) -> Self {
        let resume = self.resume;
        self.set_window(rows);
        Self { resume, ..self }
    }

    /// Goes on from the [position](LiveUpdate::position) of an earlier update, whichever process gave
    /// it. The query and the window must be the same as then.
    ///
    /// The first update has the steps from there. If they are no longer known, it has the difference
    /// of a window, [`LiveChange::Sync`](super::LiveChange::Sync), or all rows. It always comes, without
    /// steps if nothing changed. A position that is foreign, of an earlier epoch, or ahead of this
    /// process gives all rows: no position is an error.
    ///
    /// ```
    /// use conv_api::{All, Conversations, LiveChange, ResumeFrom, testing::ScriptedSource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let conversations =
    ///     Conversations::builder("user_0001").source(ScriptedSource::with_rows(40)).build().await?;
    /// conversations.sync().await?;
    ///
    /// let mut live = conversations.subscribe(All).window(10);
    /// let mut rows = Vec::new();
    /// let last = live.next().await.ok_or("closed")?;
    /// last.apply(&mut rows)?;
    /// drop(live); // for example because a connection broke
    ///
    /// let from = ResumeFrom::from(last.position.ok_or("no position")?)
    ///     .with_conversations(last.totals.conversations);
    /// let mut live = conversations.subscribe(All).window(10).resume(from);
    /// let update = live.next().await.ok_or("closed")?;
    /// update.apply(&mut rows)?;
    /// assert!(matches!(update.change, LiveChange::Patch { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(self, from: impl Into<ResumeFrom>) -> Self {
        Self { resume: Some(from.into()), ..self }
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
        self.resume = None;
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
            let update = match self.resume {
                None => view.read(&snapshot, &mut self.last_read),
                Some(from) => {
                    Some(view.resume(|| list.store.snapshot(), from, &mut self.last_read))
                }
            };
            if let Some(update) = update {
                self.resume = None;
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
