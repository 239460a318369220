//! How a handle is put together.

use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use conv_model::{AccountId, AccountIdError, Facet};
use conv_store::{ConversationDatabase, ConversationStore, MemoryStore, PassLeases, StoreError};
use conv_sync::{Clock, ConversationSource, PullOptions, TokioClock};

use crate::{
    Conversations, Error,
    accounts::Shared,
    flight::{LastReply, NamesRead, Place as PassPlace},
    runtime::Runtime,
    stats::Counters,
};

/// Puts a [`Conversations`] together: whose list, where it is kept, where it is pulled from.
#[must_use = "opens nothing before `build`"]
pub struct Builder {
    account: Result<AccountId, AccountIdError>,
    place: Place,
    source: Option<Arc<dyn ConversationSource>>,
    clock: Option<Arc<dyn Clock>>,
    options: PullOptions,
    profile_freshness: Duration,
}

enum Place {
    Memory,
    Store(Arc<dyn ConversationStore>),
    Database(Arc<dyn ConversationDatabase>),
    Shared(Arc<dyn ConversationDatabase>),
}

impl Builder {
    pub(crate) fn new(account: &str) -> Self {
        Self {
            account: account.parse(),
            place: Place::Memory,
            source: None,
            clock: None,
            options: PullOptions::default(),
            profile_freshness: Duration::from_secs(60),
        }
    }

    /// Keeps the list in a database, such as `SledDatabase`. Without a database or a store it is
    /// kept in memory.
    pub fn database(self, database: impl ConversationDatabase) -> Self {
        Self { place: Place::Database(Arc::new(database)), ..self }
    }

    /// Keeps the list in a database that others use, too: [`Conversations::close`] leaves it open.
    pub fn shared_database(self, database: Arc<dyn ConversationDatabase>) -> Self {
        Self { place: Place::Shared(database), ..self }
    }

    /// Keeps the list in a store, one that holds this account.
    pub fn store(self, store: impl ConversationStore) -> Self {
        Self { place: Place::Store(Arc::new(store)), ..self }
    }

    /// Pulls from a cloud, such as `RestSource`. An `Arc` of a source is a source, so that many
    /// handles can share one. Without a source the list is only read.
    pub fn source(self, source: impl ConversationSource) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// The most conversations that the plan gives: 100 by default, up to 500 by the console's
    /// setting.
    pub fn plan_limit(mut self, conversations: u32) -> Self {
        self.options = self.options.with_plan_limit(conversations);
        self
    }

    /// Reads a facet for every row of a pass, besides names and avatars.
    pub fn facet(mut self, facet: Facet) -> Self {
        self.options = self.options.with_facet(facet);
        self
    }

    /// How long a full profile is answered from memory before it is read again; a minute by
    /// default.
    pub fn profile_freshness(self, profile_freshness: Duration) -> Self {
        Self { profile_freshness, ..self }
    }

    /// Sets the age at which a pass reads the name of a row again; a day by default. If the cloud
    /// gives no time, a pass reads all names again that begins so long after the last one that did, or
    /// after the first pass since the list was built here.
    pub fn name_freshness(mut self, freshness: Duration) -> Self {
        self.options = self.options.with_profile_freshness(freshness);
        self
    }

    /// Measures time with another clock than Tokio's.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Opens the list. Nothing is pulled yet.
    ///
    /// # Errors
    /// [`Error::Account`] for an account that is none; [`Error::Store`] if the store cannot be
    /// opened, or if this is not called within a Tokio runtime.
    pub async fn build(self) -> Result<Conversations, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(StoreError::NoRuntime.into());
        }
        let account = self.account?;
        let leases = match &self.place {
            Place::Memory | Place::Store(_) => None,
            Place::Database(database) | Place::Shared(database) => database.pass_leases(),
        };
        let (home, store) = match self.place {
            Place::Memory => {
                let store: Arc<dyn ConversationStore> = Arc::new(MemoryStore::open().await?);
                (Home::Store, store)
            }
            Place::Store(store) => (Home::Store, store),
            Place::Database(database) => {
                let store = database.account(&account).await?;
                (Home::Own(database), store)
            }
            Place::Shared(database) => {
                let store = database.account(&account).await?;
                (Home::Shared(database), store)
            }
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(TokioClock::default()));
        let parts = Parts {
            account,
            home,
            store,
            source: self.source,
            clock,
            options: self.options,
            profile_freshness: self.profile_freshness,
            place: None,
            counters: Arc::default(),
            names_read: Arc::default(),
            last_reply: Arc::default(),
            leases,
            runtime: Arc::new(Runtime::current()),
        };
        Ok(Conversations::new(parts))
    }
}

/// Where the store lives. A database is kept open as long as the handle lives.
pub(crate) enum Home {
    /// On its own.
    Store,
    /// In a database that is this handle's alone.
    Own(Arc<dyn ConversationDatabase>),
    /// In a database of others; holding it keeps it open.
    Shared(#[expect(dead_code, reason = "held, not read")] Arc<dyn ConversationDatabase>),
    /// Among other accounts, of which it does not keep any loaded.
    Accounts {
        accounts: Weak<Shared>,
        #[expect(dead_code, reason = "held, not read")]
        database: Arc<dyn ConversationDatabase>,
    },
}

/// What a handle is made of.
pub(crate) struct Parts {
    pub(crate) account: AccountId,
    pub(crate) home: Home,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) source: Option<Arc<dyn ConversationSource>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: PullOptions,
    pub(crate) profile_freshness: Duration,
    /// Where passes queue, if they take turns with those of other accounts.
    pub(crate) place: Option<PassPlace>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) names_read: Arc<NamesRead>,
    pub(crate) last_reply: Arc<LastReply>,
    /// Who pulls, if other processes use the store at the same time.
    pub(crate) leases: Option<Arc<dyn PassLeases>>,
    /// What passes run on.
    pub(crate) runtime: Arc<Runtime>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("account", &self.account).finish_non_exhaustive()
    }
}
