//! A process with the list, its sender and its pass.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use conv_api::{
    Conversation, ConversationId, ConversationQuery, ConversationStore, IndexedStore, SendOptions,
    Snapshot, SourceError, Timestamp,
    model::{Delta, Outbox, PassId, Rank},
    sync::{Dispatch, Dispatcher, PullOptions, Puller, SendView, Views},
};
use fastrand::Rng;

use super::{
    super::sim::{clock::SeededClock, engine::LossyEngine},
    cloud::OutCloud,
    world::START,
};

/// All that a crash takes away.
pub struct Process {
    pub store: IndexedStore,
    pub clock: Arc<SeededClock>,
    pub dispatcher: Dispatcher,
    /// The pass under way, and when it began: on the process's clock, and in the cloud.
    pub pass: Option<(Puller, Duration, Duration)>,
}

pub enum Event {
    Dispatch(Dispatch),
    Pulled(Box<Result<Option<Delta>, SourceError>>),
    Time,
}

impl Process {
    pub async fn open(
        engine: &LossyEngine,
        cloud: &OutCloud,
        options: &SendOptions,
        rng: Rng,
    ) -> Self {
        let store = IndexedStore::open(engine.clone()).await.unwrap();
        let clock = Arc::new(SeededClock::new(rng));
        let views: Views = {
            let (store, cloud) = (store.clone(), cloud.clone());
            Arc::new(move || Arc::new(View(store.snapshot(), cloud.lock().time())) as _)
        };
        let (writer, account) = (Arc::new(cloud.clone()), "user_0001".parse().unwrap());
        let dispatcher = Dispatcher::new(writer, clock.clone(), account, options.clone(), views);
        Self { store, clock, dispatcher, pass: None }
    }

    pub fn puller(&self, cloud: &OutCloud) -> Puller {
        let (source, clock) = (Arc::new(cloud.clone()), self.clock.clone());
        let (snapshot, store) = (self.store.snapshot(), self.store.clone());
        let account = "user_0001".parse().unwrap();
        let options = PullOptions::default().with_plan_limit(100);
        let puller = Puller::new(source, clock, account, options, snapshot.sync());
        let rows = snapshot.list(&ConversationQuery::All);
        let ranks = rows.iter().map(|row| (row.id.clone(), Rank::of(&row.listing)));
        puller.with_written(Arc::new(move || store.snapshot().written())).with_list(ranks)
    }

    pub async fn event(&mut self, end: tokio::time::Instant) -> Event {
        let pass = &mut self.pass;
        let mut pulled = pin!(async {
            match pass {
                Some((puller, ..)) => puller.next().await,
                None => pending().await,
            }
        });
        let mut dispatch = pin!(self.dispatcher.next());
        let mut sleep = pin!(tokio::time::sleep_until(end));
        poll_fn(|cx| {
            if let Poll::Ready(dispatch) = dispatch.as_mut().poll(cx) {
                return Poll::Ready(Event::Dispatch(dispatch));
            }
            if let Poll::Ready(answer) = pulled.as_mut().poll(cx) {
                return Poll::Ready(Event::Pulled(Box::new(answer)));
            }
            sleep.as_mut().poll(cx).map(|()| Event::Time)
        })
        .await
    }
}

/// A snapshot as a sender sees it, like the view of conv-api, but with the cloud's time.
struct View(Snapshot, u64);

impl SendView for View {
    fn outbox(&self) -> &Outbox {
        self.0.outbox()
    }

    fn base(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.0.base(id)
    }

    fn has_all_rows(&self) -> bool {
        let report = self.0.sync().report();
        report.is_sync_completed() && report.limit.is_empty()
    }

    fn has_members(&self, group: &str) -> bool {
        let hidden = self.0.outbox().pending();
        let hidden = hidden.filter_map(|one| one.mutation.conversation_id().cloned());
        let mut ids = self.0.rows().map(|row| row.id.clone()).chain(hidden);
        ids.any(|id| {
            let base = self.0.base(&id);
            base.is_some_and(|row| row.listing.groups.iter().any(|name| **name == *group))
        })
    }

    fn wall_time(&self) -> Option<Timestamp> {
        Some(Timestamp::from_secs(self.1.max(START)))
    }

    fn newest_pass(&self) -> Option<PassId> {
        Some(self.0.sync().pass)
    }
}
