//! The list behind a line, which is opened again after it was closed.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use conv_api::{Error, SyncMark, Watch};

use crate::server::{
    shared::Shared,
    stream::{asked::Query, feeds::Feed, report::State},
};

type Opening = Pin<Box<dyn Future<Output = Result<Watch, Error>> + Send>>;
type Reaching = Pin<Box<dyn Future<Output = Result<SyncMark, Error>> + Send>>;

/// A list that is followed, or opened again: it was forgotten, or repaired.
pub(super) enum Followed {
    Open(Open),
    Opening(Opening),
    /// It cannot be opened.
    Lost,
}

/// A list that is open.
pub(super) struct Open {
    watch: Arc<Watch>,
    feeds: Vec<Feed>,
    reached: SyncMark,
    /// `None` once the list was closed.
    reaching: Option<Reaching>,
}

impl Followed {
    pub(super) fn new(shared: &Shared, watch: Arc<Watch>, queries: &[(String, Query)]) -> Self {
        Self::Open(Open::new(shared, watch, queries.iter().map(|(_, query)| query)))
    }

    /// Returns the list and its queries, if it is open.
    pub(super) fn poll(
        &mut self,
        shared: &Shared,
        queries: &[(String, Query)],
        cx: &mut Context<'_>,
    ) -> Option<(&Arc<Watch>, &mut [Feed])> {
        if let Self::Opening(opening) = self {
            let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return None };
            *self = match opened {
                Ok(watch) => {
                    // Its positions are not those of the list before.
                    let queries: Vec<_> =
                        queries.iter().map(|(_, query)| query.unresumed()).collect();
                    Self::Open(Open::new(shared, Arc::new(watch), queries.iter()))
                }
                Err(_) => Self::Lost,
            };
        }
        let Self::Open(open) = self else { return None };
        open.poll_reached(cx);
        Some((&open.watch, &mut open.feeds))
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost)
    }

    /// The list was closed.
    pub(super) fn open_again(&mut self, shared: &Arc<Shared>) {
        let Self::Open(open) = self else { return };
        let (shared, account) = (Arc::clone(shared), open.watch.list().account().clone());
        *self = Self::Opening(Box::pin(async move {
            super::super::watch(&shared.accounts, &account).await
        }));
    }

    pub(super) fn state(&self) -> Option<State> {
        let Self::Open(open) = self else { return None };
        Some(State::of(open.watch.list(), open.reached))
    }

    /// Takes the interest out.
    pub(super) fn take(&mut self) -> Option<Arc<Watch>> {
        match std::mem::replace(self, Self::Lost) {
            Self::Open(open) => Some(open.watch),
            _ => None,
        }
    }
}

impl Open {
    fn new<'a>(
        shared: &Shared,
        watch: Arc<Watch>,
        queries: impl Iterator<Item = &'a Query>,
    ) -> Self {
        let views = &shared.stream.views;
        let feeds = queries.map(|query| Feed::new(views, watch.list(), query)).collect();
        let reached = watch.newest_reached();
        let reaching = Some(reach(&watch, reached));
        Self { watch, feeds, reached, reaching }
    }

    fn poll_reached(&mut self, cx: &mut Context<'_>) {
        while let Some(reaching) = &mut self.reaching {
            match reaching.as_mut().poll(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(mark)) => {
                    self.reached = mark;
                    self.reaching = Some(reach(&self.watch, mark));
                }
                Poll::Ready(Err(_)) => self.reaching = None,
            }
        }
    }
}

fn reach(watch: &Arc<Watch>, mark: SyncMark) -> Reaching {
    let watch = Arc::clone(watch);
    Box::pin(async move { watch.reached_after(mark).await })
}
