//! A process with the list, its sender and its pass.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use conv_api::{
    ConversationQuery, ConversationStore, IndexedStore, SendOptions, SourceError, Timestamp,
    model::{Delta, Rank},
    sync::{Dispatch, Dispatcher, PullOptions, Puller, Views},
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
            let date = move || Some(Timestamp::from_secs(cloud.lock().time().max(START)));
            Arc::new(move || send_view(store.snapshot(), date()))
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
