//! A process with the list, its sender and its pass.

use std::{
    collections::BTreeSet,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use conv_api::{
    ConversationQuery, ConversationStore, IndexedStore, PendingState, SendOptions, Snapshot,
    SourceError, Timestamp,
    model::{Delta, Rank, Seq},
    sync::{Dispatch, Dispatcher, FinishedPass, PullOptions, Puller, Views},
    testing::send_view,
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
    /// The cloud as it knows this process.
    pub cloud: OutCloud,
    /// None while another process sends.
    pub dispatcher: Option<Dispatcher>,
    /// The pass under way, and when it began: on the process's clock, and in the cloud.
    pub pass: Option<(Puller, Duration, Duration)>,
    /// The newest pass that this process finished.
    pub finished: Option<FinishedPass>,
    /// Beside another process: what it knows of the store.
    pub follows: Option<Followed>,
}

/// What a process beside another one knows of the store that both write to.
#[derive(Default)]
pub struct Followed {
    pub seen: Seq,
    /// The changes that were held.
    pub held: BTreeSet<u64>,
    /// It has sent before, and so released what an earlier process left as held.
    pub has_sent: bool,
    /// It lost the lease to send, and notices at this moment.
    pub notices: Option<tokio::time::Instant>,
}

pub enum Event {
    Dispatch(Dispatch),
    Pulled(Box<Result<Option<Delta>, SourceError>>),
    /// The store shows more than its sender knows.
    Newer(Snapshot),
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
        let cloud = cloud.clone();
        let (dispatcher, pass, finished, follows) = (None, None, None, None);
        let mut process = Self { store, clock, cloud, dispatcher, pass, finished, follows };
        process.start_sending(options);
        process
    }

    pub fn start_sending(&mut self, options: &SendOptions) {
        let views: Views = {
            let (store, cloud) = (self.store.clone(), self.cloud.clone());
            let date = move || Some(Timestamp::from_secs(cloud.lock().time().max(START)));
            Arc::new(move || send_view(store.snapshot(), date()))
        };
        let (writer, account) = (Arc::new(self.cloud.clone()), "user_0001".parse().unwrap());
        let clock = self.clock.clone();
        self.dispatcher = Some(Dispatcher::new(writer, clock, account, options.clone(), views));
    }

    /// Says something to the sender, if there is one.
    pub fn send(&mut self, say: impl FnOnce(&mut Dispatcher)) {
        if let Some(dispatcher) = &mut self.dispatcher {
            say(dispatcher);
        }
    }

    /// The numbers of the changes that are held.
    pub fn held(list: &Snapshot) -> BTreeSet<u64> {
        let held = list.outbox().pending().filter(|one| one.state == PendingState::Held);
        held.map(|one| one.number).collect()
    }

    pub fn puller(&self) -> Puller {
        let (source, clock) = (Arc::new(self.cloud.clone()), self.clock.clone());
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
        let dispatcher = &mut self.dispatcher;
        let mut dispatch = pin!(async {
            match dispatcher {
                Some(dispatcher) => dispatcher.next().await,
                None => pending().await,
            }
        });
        let (seen, mut watcher) =
            (self.follows.as_ref().map(|follows| follows.seen), self.store.watch());
        let mut newer = pin!(async {
            match seen {
                Some(seen) => watcher.newer_than(seen).await.unwrap(),
                None => pending().await,
            }
        });
        let mut sleep = pin!(tokio::time::sleep_until(end));
        poll_fn(|cx| {
            if let Poll::Ready(newer) = newer.as_mut().poll(cx) {
                return Poll::Ready(Event::Newer(newer));
            }
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
