//! One pass: applies the changes that a source yields to a store.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use conv_model::{Commit, Delta, ErrorClass, Facet, Mutation, PassId, Rank, Seq, SyncStep};
use conv_sync::{Clock, ConversationSource, FinishedPass, Puller, SourceError};
use tokio::sync::watch;
use tracing::{Instrument, Span, debug_span, field::Empty, info_span};

use super::{
    PassContext,
    permit::PassPermit,
    watched::{Own, Watched},
};
use crate::{
    AccountTag, Error,
    caught::{Panicked, caught},
};

/// Signals to a pass under way.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    /// It stops once this turns false or is gone.
    pub(super) open: watch::Receiver<bool>,
    /// It tries again at once whenever this is sent to.
    pub(super) retry: watch::Receiver<()>,
}

/// The number of a pass's last stored write, and the pass as changes are compared with it.
pub(super) type Passed = (Seq, FinishedPass);

/// A whole pass, and a span around it.
pub(super) async fn pass(
    context: &PassContext,
    permit: PassPermit,
    signals: Signals,
) -> Result<Passed, Error> {
    let span = info_span!(
        "pass",
        account = %AccountTag::of(&context.account),
        pages = Empty,
        rows = Empty,
        retries = Empty,
        skipped = Empty,
        failed = Empty,
    );
    let watched = Arc::new(Watched {
        source: Arc::clone(&context.source),
        clock: Arc::clone(&context.clock),
        permit,
        counters: Arc::clone(&context.counters),
        last_reply: Arc::clone(&context.last_reply),
        own: Own::default(),
    });
    let number = AtomicU64::new(PassId::NONE.as_u64());
    let carried = caught(carry(context, &watched, signals, &number)).instrument(span.clone()).await;
    let outcome = match carried {
        Ok(outcome) => outcome,
        Err(Panicked) => {
            Err(fail(context, PassId::new(number.load(Relaxed)), Error::Panicked).await)
        }
    };
    span.in_scope(|| log_end(&span, &watched.own, &outcome));
    outcome
}

/// Applies the changes that the source yields, and reports the commits back.
async fn carry(
    context: &PassContext,
    watched: &Arc<Watched>,
    mut signals: Signals,
    number: &AtomicU64,
) -> Result<Passed, Error> {
    let began = context.clock.now();
    let finished = FinishedPass::new(began).with_wall_time(context.clock.wall_time());
    let age = context.names_read.age(&context.account, began);
    let mut puller = puller(context, watched, age);
    number.store(puller.pass().as_u64(), Relaxed);
    let (mut is_open, mut written) = (true, Seq::ZERO);
    loop {
        let next = tokio::select! {
            next = next(&mut puller, &watched.permit) => next?,
            _ = signals.open.wait_for(|is_open| !is_open), if is_open => {
                is_open = false;
                puller.cancel();
                continue;
            }
            Ok(()) = signals.retry.changed() => {
                puller.retry_now();
                continue;
            }
        };
        let Some(delta) = next else { break };
        let commit = apply(context, delta).await?;
        written = commit.written;
        puller.applied(&commit);
    }
    let was_due = age.is_none_or(|age| age >= context.options.profile_freshness);
    if was_due && is_timeless(context) && !lacks_names(context) {
        context.names_read.note(&context.account, began);
    }
    Ok((written, finished.with_unnamed(puller.unnamed().clone())))
}

fn puller(context: &PassContext, watched: &Arc<Watched>, names_age: Option<Duration>) -> Puller {
    let snapshot = context.store.snapshot();
    let puller = Puller::new(
        Arc::clone(watched) as Arc<dyn ConversationSource>,
        Arc::clone(watched) as Arc<dyn Clock>,
        context.account.clone(),
        context.options.clone().with_profiles_age(names_age),
        snapshot.sync(),
    );
    // Rows that the user deleted are the cloud's until it deletes them.
    let hidden = snapshot.outbox().pending().filter_map(|one| match &one.mutation {
        Mutation::Delete { id, .. } => snapshot.base(id),
        _ => None,
    });
    let rows = snapshot.rows().cloned().chain(hidden);
    let puller = puller.with_list(rows.map(|row| (row.id.clone(), Rank::of(&row.listing))));
    // Not the number of the pass's own last write: an answer that is asked for only now contains the
    // patches merged since.
    let store = Arc::clone(&context.store);
    puller.with_written(Arc::new(move || store.snapshot().written()))
}

/// Returns true if the pass that just finished met a cloud that gives no time.
fn is_timeless(context: &PassContext) -> bool {
    let snapshot = context.store.snapshot();
    snapshot.sync().finished.as_ref().is_some_and(|finished| finished.as_of.is_none())
}

/// Returns true if the pass that just finished could not read names that another pass may find.
fn lacks_names(context: &PassContext) -> bool {
    use ErrorClass::{InvalidArgument, NotFound, Unsupported};
    let snapshot = context.store.snapshot();
    snapshot.sync().failed.iter().any(|failed| {
        failed.facet == Facet::Profile
            && !matches!(failed.class, NotFound | Unsupported | InvalidArgument)
    })
}

/// The next change; while nothing moves, the room is for others.
async fn next(puller: &mut Puller, permit: &PassPermit) -> Result<Option<Delta>, SourceError> {
    let mut next = std::pin::pin!(puller.next());
    poll_fn(|cx| {
        let polled = next.as_mut().poll(cx);
        if matches!(polled, Poll::Pending) {
            permit.rest();
        }
        polled
    })
    .await
}

async fn apply(context: &PassContext, delta: Delta) -> Result<Commit, Error> {
    let span = debug_span!("commit", rows = Empty, seq = Empty);
    let commit = context.store.apply(delta).instrument(span.clone()).await?;
    span.record("rows", commit.changes.len()).record("seq", commit.seq.as_u64());
    Ok(commit)
}

/// Ends a pass that cannot end itself any more. Returns why it failed, for its callers.
async fn fail(context: &PassContext, pass: PassId, error: Error) -> Error {
    let step = SyncStep::Fail { failure: error.to_failure(), forget: false };
    match apply(context, Delta::step(pass, step)).await {
        Ok(_) => error,
        // No snapshot shows the failure, so that the store's own has to be reported.
        Err(store) => store,
    }
}

fn log_end(span: &Span, own: &Own, outcome: &Result<Passed, Error>) {
    let [pages, rows] = [&own.pages, &own.rows].map(|count| count.load(Relaxed));
    let [retries, skipped] = [&own.retries, &own.skipped].map(|count| count.load(Relaxed));
    span.record("pages", pages).record("rows", rows);
    span.record("retries", retries).record("skipped", skipped);
    // The words of an error may be the cloud's, and name whom they like: its class and number do.
    match outcome {
        Ok(_) => tracing::debug!("pass finished"),
        Err(error) => {
            span.record("failed", error.class().as_str());
            tracing::debug!(code = error.code(), "pass failed");
        }
    }
}
