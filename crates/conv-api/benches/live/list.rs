//! A list with readers, on a runtime of its own.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use conv_api::{
    Conversation, ConversationId, ConversationPatch, ConversationQuery, ConversationStore,
    Conversations, ListingPatch, LiveList, MemoryStore, Timestamp, model::Delta,
};
use futures_core::Stream;
use tokio::runtime::{Builder, Runtime};

use crate::WINDOW;

pub struct List {
    pub conversations: Conversations,
    store: Arc<MemoryStore>,
    runtime: Runtime,
    count: usize,
}

pub fn id(number: usize) -> ConversationId {
    ConversationId::c2c(&format!("user_{number:08}")).unwrap()
}

/// The newest are spread over all IDs; one of eight has unread messages.
pub fn patch(number: usize, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id(number));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    patch.profile.name = Some(format!("Name of {number}").into());
    patch.unread.count = Some(if number % 8 == 2 { 3 } else { 0 });
    patch
}

/// The time of a row before anything happens to it.
pub fn time(number: usize) -> u64 {
    1_700_000_000 + (number.wrapping_mul(2_654_435_761) % 10_000_019) as u64
}

/// Which row is touched in a round.
pub fn touched(round: usize, count: usize) -> (usize, u64) {
    (round.wrapping_mul(7_919) % count, 1_800_000_000 + round as u64)
}

impl List {
    pub fn of(count: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (store, conversations) = runtime.block_on(async {
            let store = Arc::new(MemoryStore::open().await.unwrap());
            let rows = (0..count).map(|number| patch(number, time(number)));
            store.apply(Delta::listed(rows)).await.unwrap();
            let builder = Conversations::builder("user_0001").store(Arc::clone(&store));
            (store, builder.build().await.unwrap())
        });
        Self { conversations, store, runtime, count }
    }

    /// A new message: one row moves to the top.
    pub fn touch(&self, round: usize) {
        let (number, time) = touched(round, self.count);
        let delta = Delta::listed([patch(number, time)]);
        self.runtime.block_on(self.store.apply(delta)).unwrap();
    }

    /// Readers that have read all there is.
    pub fn readers(
        &self,
        count: usize,
        query: impl Fn(usize) -> ConversationQuery,
    ) -> Vec<LiveList> {
        let subscribe = |n| self.conversations.subscribe(query(n)).unwrap().window(WINDOW);
        let mut readers: Vec<_> = (0..count).map(subscribe).collect();
        poll_all(&mut readers);
        readers
    }

    /// Does something while another thread writes all the time.
    pub fn while_writing<T>(&self, act: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    self.touch(round);
                }
            });
            let result = act();
            is_over.store(true, Ordering::Relaxed);
            result
        })
    }
}

/// Lets each reader read all there is; how many had something to read.
pub fn poll_all<S: Stream + Unpin>(readers: &mut [S]) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = 0;
    for reader in readers {
        let mut is_read = false;
        while let Poll::Ready(Some(_)) = Pin::new(&mut *reader).poll_next(&mut cx) {
            is_read = true;
        }
        read += usize::from(is_read);
    }
    read
}

/// The row that another library's list holds.
pub fn row(number: usize, time: u64) -> Arc<Conversation> {
    Arc::new(conv_api::model::merge(None, &patch(number, time)))
}
