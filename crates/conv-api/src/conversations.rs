//! The handle: the SDK's two calls, and what keeps them true.

use std::{fmt, sync::Arc, time::Duration};

use conv_model::{
    AccountId, Conversation, ConversationId, ConversationPatch, ConversationQuery,
    ConversationType, Delta, Local, PassStatus, Prune, SyncReport, Timestamp, merge,
};
use conv_store::{ConversationStore, Snapshot};
use conv_sync::{Clock, SourceError};

use crate::{
    Builder, ConversationList, Error,
    builder::{Home, Parts},
    flight::{Flights, Route},
    list::report,
    profiles::Profiles,
};

/// One account's conversation list.
///
/// Cloning gives another handle of the same list. A pass that is under way stops when the last
/// handle is dropped; what it had read stays.
///
/// ```
/// use std::time::Duration;
///
/// use conv_api::{All, Conversations, testing::ScriptedSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conv_api::Error> {
/// let conversations =
///     Conversations::builder("user_0001").source(ScriptedSource::with_rows(40)).build().await?;
///
/// // At once, from the cache: there is nothing yet, and the answer says so.
/// let list = conversations.get_conversation_list(All).await?;
/// assert!(list.is_empty() && !list.is_sync_completed());
///
/// conversations.wait_until_complete(Duration::from_secs(30)).await?;
/// let list = conversations.get_conversation_list(All).await?;
/// assert!(list.len() == 40 && list.is_sync_completed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Conversations {
    inner: Arc<Inner>,
}

struct Inner {
    account: AccountId,
    store: Arc<dyn ConversationStore>,
    route: Option<Route>,
    clock: Arc<dyn Clock>,
    flights: Flights,
    profiles: Profiles,
    home: Home,
}

impl Conversations {
    /// Begins to put a list together, for an account.
    pub fn builder(account: impl AsRef<str>) -> Builder {
        Builder::new(account.as_ref())
    }

    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { account, home, store, source, clock, options, profile_freshness } = parts;
        let route = source.map(|source| Route {
            account: account.clone(),
            store: Arc::clone(&store),
            source,
            clock: Arc::clone(&clock),
            options,
        });
        let inner = Inner {
            account,
            store,
            route,
            clock,
            flights: Flights::new(),
            profiles: Profiles::new(profile_freshness),
            home,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whose list it is.
    pub fn account(&self) -> &AccountId {
        &self.inner.account
    }

    /// The rows that a query asks for, from the cache, with a report of the same instant.
    ///
    /// [`All`](crate::All), a list of IDs, or a [`Filter`](crate::Filter). IDs that are not cached
    /// are left out; rows come in list order, each once; profiles hold name and avatar alone.
    /// Never waits for the network, and never fails because the cloud failed.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty list of IDs.
    #[doc(alias = "getConversationList")]
    pub async fn get_conversation_list(
        &self,
        query: impl Into<ConversationQuery>,
    ) -> Result<ConversationList, Error> {
        let query = query.into();
        query.check()?;
        let snapshot = self.snapshot();
        let rows = snapshot.list(&query);
        Ok(ConversationList::new(rows, snapshot, self.inner.flights.untold()))
    }

    /// One conversation with its full profile, whether or not the list holds it. The list gains
    /// no row by it.
    ///
    /// A profile is read at most once in [`profile_freshness`](Builder::profile_freshness). If the
    /// cloud cannot be asked, the cached conversation is the answer; its
    /// [`read_at`](conv_model::Profile::read_at) tells how old it is. The system conversation is
    /// answered without a call.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user or group, it was dissolved, or is not visible;
    /// [`Error::Source`] if the cloud cannot be asked and nothing is cached.
    #[doc(alias = "getConversationProfile")]
    pub async fn get_conversation_profile(
        &self,
        id: &ConversationId,
    ) -> Result<Arc<Conversation>, Error> {
        let cached = self.snapshot().get(id);
        if id.conversation_type() == ConversationType::System {
            return Ok(cached.unwrap_or_else(|| Arc::new(Conversation::new(id.clone()))));
        }
        let read = match &self.inner.route {
            Some(route) => self.inner.profiles.get(route, id).await.map_err(Error::Source),
            None => Err(Error::NoSource),
        };
        match (read, cached) {
            (Ok(profile), cached) => self.with_profile(cached, profile).await,
            (Err(Error::Source(SourceError::NotFound)), _) => Err(Error::NotFound(id.clone())),
            (Err(error), Some(cached)) => {
                tracing::debug!(%error, "profile is answered from the cache");
                Ok(cached)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Pulls the list; joins the pass that is under way, if one is. Dropping the call leaves the
    /// pass under way.
    ///
    /// # Errors
    /// Why the pass failed. The rows held before are still held.
    pub async fn sync(&self) -> Result<SyncReport, Error> {
        let route = self.inner.route.as_ref().ok_or(Error::NoSource)?;
        self.inner.flights.join(route).await?;
        Ok(self.sync_report())
    }

    /// Waits until the list is complete, and pulls it if it is not.
    ///
    /// # Errors
    /// [`Error::TimedOut`] once `timeout` is over, while the pass goes on; else why it failed.
    pub async fn wait_until_complete(&self, timeout: Duration) -> Result<SyncReport, Error> {
        let report = self.sync_report();
        if report.is_sync_completed() {
            return Ok(report);
        }
        tokio::select! {
            report = self.sync() => report,
            () = self.inner.clock.sleep(timeout) => Err(Error::TimedOut),
        }
    }

    /// How complete the list is now, why it may be short, and what is going on.
    pub fn sync_report(&self) -> SyncReport {
        report(&self.snapshot(), self.inner.flights.untold().as_ref())
    }

    /// The report, whenever it or the list has changed since the call before: progress of a pass,
    /// for a progress bar.
    ///
    /// ```
    /// # use conv_api::{Conversations, testing::ScriptedSource};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), conv_api::Error> {
    /// # let conversations = Conversations::builder("user_0001")
    /// #     .source(ScriptedSource::with_rows(40)).build().await?;
    /// let mut changes = conversations.changes();
    /// let (done, report) = tokio::join!(conversations.sync(), changes.next());
    /// assert!(report.is_ok() && done?.is_sync_completed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn changes(&self) -> Changes {
        let snapshot = self.snapshot();
        Changes { conversations: self.clone(), seen: snapshot.seq() }
    }

    /// The list of this instant, for whoever wants more than the two calls: totals, names of
    /// groups, changes since a commit.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.store.snapshot()
    }

    /// Takes in what was learned elsewhere, such as a message that came: merged into the list at
    /// once. A patch with a listing makes its row if there is none.
    ///
    /// # Errors
    /// [`Error::Store`] if it could not be stored.
    pub async fn record(&self, patch: ConversationPatch) -> Result<(), Error> {
        let delta = match patch.listing {
            Some(_) => Delta::listed([patch]),
            None => Delta::amended([patch]),
        };
        self.inner.store.apply(delta).await?;
        Ok(())
    }

    /// Says that something changed in the cloud, as a webhook tells without saying what can be
    /// trusted: a pass begins now, or follows the one under way. Returns at once.
    ///
    /// # Errors
    /// [`Error::NoSource`] without a source; [`Error::Store`] once closed or outside a Tokio
    /// runtime.
    pub fn mark_dirty(&self) -> Result<(), Error> {
        let route = self.inner.route.as_ref().ok_or(Error::NoSource)?;
        self.inner.flights.mark_dirty(route)
    }

    /// Says that the device woke up, or that its network is back: a pass that pauses after a
    /// failure tries again at once, and where the last one failed another begins. What the cloud
    /// asked to wait for is waited for all the same. Returns at once.
    ///
    /// # Errors
    /// Those of [`mark_dirty`](Self::mark_dirty).
    pub fn retry_now(&self) -> Result<(), Error> {
        let is_under_way = self.inner.flights.retry_now();
        let has_failed = matches!(self.sync_report().pass, PassStatus::Failed(_));
        if is_under_way || !has_failed { Ok(()) } else { self.mark_dirty() }
    }

    /// Removes the rows whose retention ended after the last finished pass, by the cloud's time.
    /// Does nothing if the source does not say how long the cloud keeps a conversation.
    ///
    /// # Errors
    /// [`Error::NoSource`] without a source; [`Error::Store`] if it could not be stored.
    pub async fn expire(&self, now: Timestamp) -> Result<(), Error> {
        let route = self.inner.route.as_ref().ok_or(Error::NoSource)?;
        if let Some(retention) = route.source.capabilities().retention {
            let mut delta = Delta::default();
            delta.prune = Some(Prune::Expired { now, retention });
            self.inner.store.apply(delta).await?;
        }
        Ok(())
    }

    /// Keeps a draft, durable once this returns; an empty text clears it. No pull touches it.
    ///
    /// # Errors
    /// [`Error::Store`] if it could not be stored.
    pub async fn set_draft(&self, id: &ConversationId, text: &str) -> Result<(), Error> {
        self.inner.store.put_local(id.clone(), Local::draft(text)).await?;
        Ok(())
    }

    /// Keeps bytes of your own with a conversation, durable once this returns.
    ///
    /// # Errors
    /// [`Error::Store`] if they could not be stored.
    pub async fn set_data(&self, id: &ConversationId, bytes: &[u8]) -> Result<(), Error> {
        self.inner.store.put_local(id.clone(), Local::data(bytes)).await?;
        Ok(())
    }

    /// Stops the pass under way, writes what is pending, and closes the store, or the database if
    /// the builder was given it for this handle alone. Its folder can be opened again at once.
    /// Later calls of every clone but [`get_conversation_list`](Self::get_conversation_list), which
    /// goes on to answer, fail.
    ///
    /// # Errors
    /// [`Error::Store`] if pending changes could not be stored.
    pub async fn close(&self) -> Result<(), Error> {
        self.inner.flights.stop().await;
        match &self.inner.home {
            Home::Own(database) => database.close().await?,
            Home::Store | Home::Shared(_) => self.inner.store.close().await?,
        }
        Ok(())
    }

    /// The conversation with a profile just read, which a cached row takes in.
    async fn with_profile(
        &self,
        cached: Option<Arc<Conversation>>,
        profile: ConversationPatch,
    ) -> Result<Arc<Conversation>, Error> {
        let Some(cached) = cached else {
            return Ok(Arc::new(merge(None, &profile)));
        };
        let whole = merge(Some(&cached), &profile);
        if whole != *cached {
            if let Err(error) = self.inner.store.apply(Delta::amended([profile])).await {
                // The answer is right all the same; only the next start will not know it.
                tracing::warn!(%error, "profile could not be stored");
            }
        }
        Ok(Arc::new(whole))
    }
}

impl fmt::Debug for Conversations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversations").field("account", self.account()).finish_non_exhaustive()
    }
}

/// The reports of a list as it changes; see [`Conversations::changes`].
#[derive(Debug)]
pub struct Changes {
    conversations: Conversations,
    seen: conv_model::Seq,
}

impl Changes {
    /// The report after the next change; what changed in between is skipped. Cancel-safe.
    ///
    /// # Errors
    /// [`Error::Store`] once the store is closed.
    pub async fn next(&mut self) -> Result<SyncReport, Error> {
        let snapshot = self.conversations.inner.store.changed(self.seen).await?;
        self.seen = snapshot.seq();
        Ok(report(&snapshot, self.conversations.inner.flights.untold().as_ref()))
    }
}
