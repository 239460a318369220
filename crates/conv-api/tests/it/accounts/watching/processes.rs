//! Marks that come to another process than the one that watches.

use async_trait::async_trait;
use conv_api::{
    ConversationDatabase, ConversationStore, StoreError,
    store::{MemorySignals, SignalListener, Signals},
};

use super::*;
use crate::support::id;

/// A database of which a process has rows of its own, so that its passes show, and signals with others.
#[derive(Debug, Default)]
struct Joint {
    rows: MemoryDatabase,
    signals: Option<MemorySignals>,
}

#[async_trait]
impl ConversationDatabase for Joint {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.rows.account(account).await
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.rows.forget(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.rows.close().await
    }

    fn signals(&self) -> Option<Arc<dyn Signals>> {
        self.signals.clone().map(|signals| Arc::new(signals) as _)
    }
}

fn process(clouds: &Arc<Clouds>, signals: Option<&MemorySignals>) -> Accounts {
    let database = Joint { rows: MemoryDatabase::new(), signals: signals.cloned() };
    Accounts::builder(Arc::new(database), Arc::clone(clouds)).build()
}

/// Returns the number of messages that were sent within some seconds.
async fn messages(listener: &mut dyn SignalListener, seconds: u64) -> usize {
    let (end, mut count) = (tokio::time::Instant::now() + Duration::from_secs(seconds), 0);
    while tokio::time::timeout_at(end, listener.next()).await.is_ok() {
        count += 1;
    }
    count
}

#[tokio::test(start_paused = true)]
async fn a_mark_reaches_the_process_that_watches_and_is_not_sent_again() {
    let (names, signals) = (names(3), MemorySignals::new());
    let clouds = Clouds::new(&names, 3);
    let [a, b, c] = [(); 3].map(|()| process(&clouds, Some(&signals)));
    let watches = watch_all(&b, &names[..2], WatchLevel::Visible).await;
    fresh(&watches).await;
    pass_time(5).await;
    let (before, mut listener) = (clouds.calls().len(), signals.listen());
    let passes = b.stats().watch.passes_for_marks;
    for name in &names {
        clouds.touch(name, 0, 900);
        for _ in 0..20 {
            assert!(!a.mark(name, Work::Listing));
        }
    }
    assert_eq!(messages(&mut *listener, 5).await, 3, "one per account, and none comes back");
    for watch in &watches {
        assert_eq!(shown(watch.list()), clouds.truth(watch.list().account()));
    }
    // A process that watches nothing does nothing.
    assert!(clouds.calls()[before..].iter().all(|name| names[..2].contains(name)));
    assert_eq!(b.stats().watch.marks_of_others, 2);
    assert_eq!(b.stats().watch.passes_for_marks - passes, 2);
    for accounts in [&a, &c] {
        assert_eq!((accounts.stats().calls, accounts.stats().watch.marks_of_others), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_row_is_one_of_the_holders_in_all_processes() {
    let (names, signals) = (names(6), MemorySignals::new());
    let clouds = Clouds::new(&names, 1);
    names.iter().for_each(|name| clouds.touch(name, 77, 5));
    let [a, b] = [(); 2].map(|()| process(&clouds, Some(&signals)));
    let mut watches = watch_all(&a, &names[..3], WatchLevel::Visible).await;
    watches.extend(watch_all(&b, &names[3..], WatchLevel::Background).await);
    fresh(&watches).await;
    pass_time(5).await;
    names.iter().for_each(|name| clouds.touch(name, 77, 900));
    let mut listener = signals.listen();
    a.mark_holders(&id("C2Cpeer_077"), Work::Listing);
    assert_eq!(messages(&mut *listener, 5).await, 1);
    for watch in &watches {
        assert_eq!(shown(watch.list()), clouds.truth(watch.list().account()));
    }
}

#[tokio::test(start_paused = true)]
async fn facets_that_a_process_reads_itself_are_not_asked_of_others() {
    let (names, signals) = (names(1), MemorySignals::new());
    let clouds = Clouds::new(&names, 3);
    let a = process(&clouds, Some(&signals));
    let mut listener = signals.listen();
    let profile = || Work::Profile(id("C2Cpeer_000"));
    assert!(!a.mark(&names[0], profile()));
    assert_eq!(messages(&mut *listener, 5).await, 1);
    let _watch = a.watch(&names[0], WatchLevel::Visible).await.unwrap();
    assert!(a.mark(&names[0], profile()));
    assert!(a.mark(&names[0], Work::Unread(Vec::new())));
    assert_eq!(messages(&mut *listener, 5).await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_signals_processes_keep_their_marks_to_themselves() {
    let names = names(1);
    let clouds = Clouds::new(&names, 3);
    let [a, b] = [(); 2].map(|()| process(&clouds, None));
    let watch = b.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    pass_time(5).await;
    let before = clouds.calls().len();
    assert!(!a.mark(&names[0], Work::Listing));
    a.mark_holders(&id("C2Cpeer_000"), Work::Listing);
    pass_time(5).await;
    assert_eq!(clouds.calls().len(), before);
}
