//! A pass whose futures are dropped, at every poll there is.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId, Coverage, Cursor, Delta, SyncStep};
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullRequest, Puller, SourceError,
    testing::{NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

/// A source whose every call is pending twice before it is answered.
#[derive(Debug)]
struct Slow(ScriptedSource);

async fn twice_pending() {
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[async_trait]
impl ConversationSource for Slow {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        twice_pending().await;
        self.0.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        twice_pending().await;
        self.0.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.0.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        twice_pending().await;
        self.0.groups(account).await
    }
}

/// 13 rows, users and groups, on five pages. The second page and the first names fail at first;
/// one page carries a conversation group that is to be named.
fn source() -> Arc<Slow> {
    let rows = (0..13).map(|n| {
        let id = match n % 3 {
            0 => ConversationId::group(&format!("g{n}")),
            _ => ConversationId::c2c(&format!("u{n}")),
        };
        let mut row = row(id.unwrap(), NOW);
        row.group_ids = (n == 7).then(|| vec![1]);
        row
    });
    let source = ScriptedSource::new(rows).page_size(3);
    source.set_groups(&[(1, "Friends")]);
    source.answer_from_list();
    source.answer(Err(SourceError::TimedOut));
    source.fail_hydration(SourceError::TimedOut);
    Arc::new(Slow(source))
}

/// A cache that an earlier pass filled, with a row that is gone by now.
fn cache() -> Cache {
    let mut cache = Cache::default();
    let gone = row(ConversationId::c2c("gone").unwrap(), NOW).patch;
    cache.apply(&Delta::listed([gone]));
    cache
}

/// Polls `next` until its answer, or gives it up as soon as this pass was pending often enough.
/// `None`: it was given up.
async fn next_until(
    puller: &mut Puller,
    pending: &AtomicUsize,
    limit: usize,
) -> Option<Result<Option<Delta>, SourceError>> {
    let mut next = pin!(puller.next());
    poll_fn(|cx| match next.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if pending.fetch_add(1, Ordering::Relaxed) == limit => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// One pass whose `next` is dropped at its `n`-th pending and called again. Gives the cache and
/// how often it was pending.
async fn interrupted(n: usize) -> (Cache, usize) {
    let source = source();
    let mut cache = cache();
    let mut puller = puller(&source, plan(100), &cache.state);
    let pending = AtomicUsize::new(0);
    loop {
        match next_until(&mut puller, &pending, n).await {
            None => {}
            Some(Ok(Some(delta))) => puller.applied(&cache.apply(&delta)),
            Some(Ok(None)) => return (cache, pending.into_inner()),
            Some(Err(error)) => panic!("dropped at {n}: {error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_next_loses_nothing() {
    let (undisturbed, pendings) = interrupted(usize::MAX).await;
    assert_eq!(undisturbed.state.coverage, Coverage::Complete);
    assert_eq!(undisturbed.rows.len(), 13);
    assert!(pendings > 20, "{pendings} is few");
    for n in 0..pendings {
        let (cache, _) = interrupted(n).await;
        assert_eq!(cache.rows, undisturbed.rows, "dropped at {n}");
        assert_eq!(cache.state, undisturbed.state, "dropped at {n}");
        assert_eq!(cache.deltas, undisturbed.deltas, "dropped at {n}");
    }
}

/// Pages are there whole or not at all, none is missing before a stored place in the listing, and
/// the row that is gone goes with the end of the pass.
fn expect_whole_pages(cache: &Cache, n: usize) {
    let listed = cache.rows.keys().filter(|id| id.as_str() != "C2Cgone").count();
    assert!(listed % 3 == 0 || listed == 13, "dropped at {n}: {listed} rows");
    if let Some(place) = &cache.state.checkpoint {
        assert_eq!(place.cursor, Cursor::new(place.listed.to_string()), "dropped at {n}");
        assert!(listed >= place.listed as usize, "dropped at {n}: a place before its rows");
    }
    let is_through = cache.state.finished.is_some();
    let has_gone = cache.rows.keys().any(|id| id.as_str() == "C2Cgone");
    assert_ne!(is_through, has_gone, "dropped at {n}: removal and end are not one change");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_pass_leaves_whole_pages_and_the_next_one_completes() {
    let (undisturbed, pendings) = interrupted(usize::MAX).await;
    for n in 0..pendings {
        let source = source();
        let mut cache = cache();
        let pending = AtomicUsize::new(0);
        let mut doomed = puller(&source, plan(100), &cache.state);
        while let Some(Ok(Some(delta))) = next_until(&mut doomed, &pending, n).await {
            let is_begin = matches!(delta.step, Some(SyncStep::Begin { .. }));
            assert!(cache.deltas > 1 || is_begin, "a pass begins with its beginning");
            doomed.applied(&cache.apply(&delta));
        }
        drop(doomed);
        expect_whole_pages(&cache, n);

        cache.pass(&source, plan(100)).await.unwrap();
        assert_eq!(cache.rows, undisturbed.rows, "dropped at {n}");
        assert_eq!(cache.state.coverage, Coverage::Complete, "dropped at {n}");
        assert_eq!(cache.state.finished, undisturbed.state.finished, "dropped at {n}");
        assert_eq!(cache.state.checkpoint, None, "dropped at {n}");
    }
}
