//! Many accounts in one process.

mod background;
mod builder;
mod due;
mod forget;
mod refresh;
mod registry;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use conv_model::AccountId;
use conv_store::{ConversationDatabase, ConversationStore, Signals, StoreError};
use conv_sync::{Clock, ConversationSource, ConversationWriter, PullOptions, SendOptions};
use tokio::sync::Semaphore;

use self::registry::{Claim, Evicted, Registry};
use crate::{
    Conversations, Error, Stats,
    conversations::{HandleConfig, StoreOwner},
    outgoing::Edition,
    passes::{LastReply, NamesRead, Queue, QueueTicket},
    runtime::Runtime,
    stats::Counters,
    watches::{Neighbours, Watches},
};

pub use self::{builder::AccountsBuilder, forget::Unsent, refresh::Refreshed};

/// The lists of many accounts, for a backend that serves thousands of users: one database, one
/// source, a bound of memory and one of passes at a time. Clones are handles to the same accounts.
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use conv_api::{Accounts, MemoryDatabase, testing::ScriptedSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let source = ScriptedSource::with_rows(40); // one source serves all accounts
/// let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source)
///     .memory_budget(256 * 1024 * 1024)
///     .concurrent_passes(8)
///     .build();
///
/// let list = accounts.open(&"user_0001".parse()?).await?;
/// list.wait_until_complete(Duration::from_secs(30)).await?;
/// assert_eq!((list.snapshot().len(), accounts.stats().accounts_open), (40, 1));
/// # Ok(())
/// # }
/// ```
///
/// # Memory
/// An account is loaded when it is [opened](Self::open), and evicted when it is idle and memory is
/// short: the least recently used one first. An account is in use while it has a handle, a stream, or a
/// pass under way or in the queue; so drop handles that are not needed, and open again, which costs a
/// read of the rows. An account that comes back is a preview until its next pass, as after a restart.
/// Eviction happens whenever an account is opened or a pass in the background ends.
///
/// # Turns
/// Passes of all accounts queue for the same few places. A pass that a caller waits for
/// ([`sync`](Conversations::sync), [`wait_until_complete`](Conversations::wait_until_complete))
/// goes before those of [visible](crate::WatchLevel::Visible) accounts, and these go before those in the
/// background ([`request_sync`](Self::request_sync), [`refresh_all`](Self::refresh_all)); after three of
/// the first goes one of the others, and after seven visible ones one of the background, so that no kind
/// starves. Each line is first come, first served. A pass that a caller begins to wait for changes the
/// line. Passes without a waiting caller share a [budget](AccountsBuilder::listing_budget) of calls. A pass that pauses after a failure
/// gives its place up and queues again: an account in trouble takes no more room than another.
/// A source has to bound its calls in time, as `RestSource` does, or a call that hangs takes a
/// place for as long.
///
/// Accounts share nothing else: what one account meets, be it a refused UserSig, damaged rows or a
/// full list, no other one notices. The cloud's rate is the whole app's, and the source keeps it.
#[derive(Clone)]
pub struct Accounts {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    database: Arc<dyn ConversationDatabase>,
    source: Arc<dyn ConversationSource>,
    writer: Option<Arc<dyn ConversationWriter>>,
    send: SendOptions,
    send_permits: Arc<Semaphore>,
    edition: Arc<Edition>,
    clock: Arc<dyn Clock>,
    options: PullOptions,
    profile_freshness: Duration,
    pub(crate) queue: Arc<Queue>,
    counters: Arc<Counters>,
    names_read: Arc<NamesRead>,
    last_reply: Arc<LastReply>,
    registry: Registry,
    pub(crate) watches: Watches,
    /// The other processes on the database, if it has signals.
    pub(crate) neighbours: Option<Arc<Neighbours>>,
    /// The runtime of the tasks of all accounts.
    pub(crate) runtime: Arc<Runtime>,
}

impl Accounts {
    /// Starts building accounts over a database and a source. The database is theirs: use no account
    /// of it by another way.
    pub fn builder(
        database: Arc<dyn ConversationDatabase>,
        source: impl ConversationSource,
    ) -> AccountsBuilder {
        AccountsBuilder::new(database, Arc::new(source))
    }

    /// Returns the list of an account, and loads it if needed. All handles of a loaded account are of
    /// the same list. Pulls nothing.
    ///
    /// [`Conversations::close`] of such a handle closes the account for all its handles; opening
    /// brings it back.
    ///
    /// # Errors
    /// [`Error::Store`] if its rows cannot be read, or once closed.
    pub async fn open(&self, account: &AccountId) -> Result<Conversations, Error> {
        let registry = &self.shared.registry;
        let list = match registry.get(account)? {
            Some(list) => list,
            None => self.load(&registry.claim(account).await?).await?,
        };
        self.make_room();
        Ok(list)
    }

    /// Evicts all idle accounts, whatever the budget, and returns their number. For when the system is
    /// short of memory.
    pub fn evict_idle(&self) -> usize {
        self.evict(self.shared.registry.evict_idle())
    }

    /// Returns numbers of the accounts. Cheap: nothing is measured for it.
    pub fn stats(&self) -> Stats {
        let (accounts_open, loaded_bytes, accounts_due) = self.shared.registry.counts();
        let (passes_running, passes_waiting) = self.shared.queue.counts();
        let counted = self.shared.counters.read();
        Stats {
            accounts_open,
            loaded_bytes,
            accounts_due,
            passes_running,
            passes_waiting,
            requests: self.shared.requests(),
            watch: self.shared.watches.stats(),
            ..counted
        }
    }

    /// Returns once the database has shown that it can be reached. Never calls the cloud: lists are
    /// answered without it.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be reached, or once closed.
    pub async fn ping(&self) -> Result<(), Error> {
        self.shared.registry.check_open()?;
        Ok(self.shared.database.ping().await?)
    }

    /// Returns the signals between the processes that use the database, if it has any.
    pub fn signals(&self) -> Option<Arc<dyn Signals>> {
        self.shared.database.signals()
    }

    /// Stops every pass, writes pending changes, and closes the database. Later calls fail, those
    /// through handles of single accounts too.
    ///
    /// # Errors
    /// [`Error::Store`] if pending changes could not be stored, or if closed already.
    pub async fn close(&self) -> Result<(), Error> {
        let lists = self.shared.registry.close()?;
        self.shared.watches.close();
        // All stop before the first is waited for.
        lists.iter().for_each(Conversations::refuse);
        for list in &lists {
            list.stop().await;
        }
        self.shared.database.close().await?;
        Ok(())
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Loads the list of a claimed account.
    async fn load(&self, claim: &Claim<'_>) -> Result<Conversations, Error> {
        let shared = &self.shared;
        if let Some(list) = shared.registry.get(claim.account)? {
            return Ok(list);
        }
        let list = Conversations::new(HandleConfig {
            account: claim.account.clone(),
            owner: StoreOwner::Accounts {
                accounts: Arc::downgrade(shared),
                database: Arc::clone(&shared.database),
            },
            store: self.store(claim.account).await?,
            source: Some(Arc::clone(&shared.source)),
            writer: shared.writer.clone(),
            send: shared.send.clone(),
            send_permits: Some(Arc::clone(&shared.send_permits)),
            edition: Arc::clone(&shared.edition),
            clock: Arc::clone(&shared.clock),
            options: shared.options.clone(),
            profile_freshness: shared.profile_freshness,
            ticket: Some(QueueTicket::new(&shared.queue)),
            counters: Arc::clone(&shared.counters),
            names_read: Arc::clone(&shared.names_read),
            last_reply: Arc::clone(&shared.last_reply),
            leases: shared.database.pass_leases(),
            // The handles of an account are of one list here: only other processes send its changes.
            send_leases: shared.database.pass_leases().and(shared.database.send_leases()),
            runtime: Arc::clone(&shared.runtime),
        });
        claim.insert(&list)?;
        if let Some(mark) = shared.registry.due(|due| due.take_idle(claim.account)) {
            list.inherit(mark)?;
        }
        Ok(list)
    }

    /// Opens the store of an account in the runtime of the accounts: a store ends with the runtime it
    /// is opened in, and a caller's may end early.
    async fn store(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, Error> {
        let (database, account) = (Arc::clone(&self.shared.database), account.clone());
        let opening =
            self.shared.runtime.get()?.spawn(async move { database.account(&account).await });
        match opening.await {
            Ok(store) => Ok(store?),
            Err(ended) if ended.is_panic() => Err(Error::Panicked),
            Err(_) => Err(StoreError::NoRuntime.into()),
        }
    }

    fn make_room(&self) {
        self.evict(self.shared.registry.make_room());
    }

    fn evict(&self, gone: Vec<Evicted>) -> usize {
        self.shared.counters.evicted(gone.len());
        for Evicted { account, .. } in &gone {
            self.resume(account);
        }
        gone.len()
    }
}

impl Shared {
    /// Returns the requests that the source and the writer sent. They are the same object as a rule,
    /// whose requests must not count twice.
    fn requests(&self) -> BTreeMap<&'static str, u64> {
        let read = self.source.request_counts();
        let written = self.writer.as_ref().and_then(|writer| writer.write_request_counts());
        let written = written.filter(|it| !read.as_ref().is_some_and(|read| it.is_same(read)));
        let mut requests = BTreeMap::new();
        for counts in read.into_iter().chain(written) {
            for (command, count) in counts.read() {
                *requests.entry(command).or_default() += count;
            }
        }
        requests
    }

    /// Closes the store of a list that may be loaded, so that opening the account loads it again.
    pub(crate) async fn close_one(&self, list: &Conversations) -> Result<(), Error> {
        let claim = self.registry.claim(list.account()).await?;
        let is_loaded = self.registry.get(list.account())?.is_some_and(|held| held.is_same(list));
        // First, so that no mark comes after those that are taken over.
        list.refuse();
        if is_loaded {
            claim.remove();
        }
        list.close_alone().await
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
