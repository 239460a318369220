//! The handle: the SDK's two calls, and what keeps them true.

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use conv_model::{
    AccountId, Conversation, ConversationId, ConversationPatch, ConversationQuery,
    ConversationType, Delta, Local, PageKey, PassStatus, Prune, SyncReport, Timestamp, merge,
};
use conv_store::{ConversationStore, ListPage, Snapshot, StoreError, Totals};
use conv_sync::{Clock, SourceError};

use crate::{
    Builder, Changes, ConversationList, Error, Events, LiveList,
    bell::{Bell, Listener},
    builder::{Home, Parts},
    flight::{Flights, Permit, Route},
    list::report,
    live::Views,
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

pub(crate) struct Inner {
    account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    route: Option<Route>,
    pub(crate) clock: Arc<dyn Clock>,
    flights: Flights,
    profiles: Profiles,
    pub(crate) views: Views,
    pub(crate) bell: Bell,
    home: Home,
}

impl Conversations {
    /// Begins to put a list together, for an account.
    pub fn builder(account: impl AsRef<str>) -> Builder {
        Builder::new(account.as_ref())
    }

    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { account, home, store, source, clock, options, profile_freshness, .. } = parts;
        let route = source.map(|source| Route {
            account: account.clone(),
            store: Arc::clone(&store),
            source,
            clock: Arc::clone(&clock),
            options,
            counters: parts.counters,
            leases: parts.leases,
        });
        let inner = Inner {
            account,
            store,
            route,
            clock,
            flights: Flights::new(parts.place),
            profiles: Profiles::new(profile_freshness),
            views: Views::default(),
            bell: Bell::default(),
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

    /// The first rows that a query asks for, or those after a key, at most `limit` of them.
    ///
    /// Rows that move between two pages may be missed or come twice; [`Scan`](crate::store::Scan)
    /// reads a whole list that moves.
    ///
    /// # Errors
    /// [`Error::Query`] for a query that cannot be answered, such as an empty list of IDs.
    pub fn page(
        &self,
        query: impl Into<ConversationQuery>,
        limit: NonZeroUsize,
        after: Option<&PageKey>,
    ) -> Result<ListPage, Error> {
        let query = query.into();
        query.check()?;
        Ok(self.snapshot().page(&query, limit, after))
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
                // Its words may be the cloud's, and name whom they like.
                let (class, code) = (error.class().as_str(), error.code());
                tracing::debug!(class, code, "profile is answered from the cache");
                Ok(cached)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Pulls the list; joins the pass that is under way, if one is, also in another process that
    /// shares the database. Dropping the call leaves the pass under way.
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
        self.inner.report(&self.snapshot())
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
        Changes::new(Listener::new(&self.inner), self.snapshot().seq())
    }

    /// The rows that a query asks for, as they change: first all of them, then step by step. See
    /// [`LiveList`] for a window, and for how often it tells.
    ///
    /// Applied one after another, the updates give what
    /// [`get_conversation_list`](Self::get_conversation_list) answers at the commit that each of
    /// them names.
    ///
    /// # Errors
    /// [`Error::Query`] for a query that cannot be answered, such as an empty list of IDs.
    #[doc(alias = "getConversationList")]
    pub fn subscribe(&self, query: impl Into<ConversationQuery>) -> Result<LiveList, Error> {
        let query = query.into();
        query.check()?;
        Ok(LiveList::new(Listener::new(&self.inner), &query))
    }

    /// What changes from now on, in the SDK's words: the list, the total of unread messages, the
    /// names of the conversation groups, the report.
    ///
    /// ```
    /// # use conv_api::{Conversations, Event, testing::ScriptedSource};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), conv_api::Error> {
    /// # let conversations = Conversations::builder("user_0001")
    /// #     .source(ScriptedSource::with_rows(40)).build().await?;
    /// let mut events = conversations.events();
    /// conversations.sync().await?;
    /// assert_eq!(events.next().await, Some(Event::ConversationListUpdated));
    /// assert!(matches!(events.next().await, Some(Event::SyncReportUpdated(report))
    ///     if report.is_sync_completed()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        Events::new(Listener::new(&self.inner), &self.inner, &self.snapshot())
    }

    /// Sums over the rows that a query asks for: conversations, unread messages, mentions. A
    /// [live list](Self::subscribe) tells them with each update.
    ///
    /// # Errors
    /// [`Error::Query`] for a query that cannot be answered, such as an empty list of IDs.
    #[doc(alias = "getTotalUnreadMessageCount")]
    pub fn totals(&self, query: impl Into<ConversationQuery>) -> Result<Totals, Error> {
        let query = query.into();
        query.check()?;
        Ok(self.snapshot().totals_of(&query))
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
    /// the builder was given it for this handle alone. Its folder can be opened again at once. Of
    /// many [`Accounts`](crate::Accounts) it closes this one alone.
    /// Later calls of every clone but [`get_conversation_list`](Self::get_conversation_list), which
    /// goes on to answer, fail.
    ///
    /// # Errors
    /// [`Error::Store`] if pending changes could not be stored.
    pub async fn close(&self) -> Result<(), Error> {
        match &self.inner.home {
            Home::Own(database) => {
                self.stop().await;
                database.close().await?;
            }
            Home::Store | Home::Shared(_) => {
                self.stop().await;
                self.close_store().await?;
            }
            Home::Accounts { accounts, .. } => {
                let accounts = accounts.upgrade().ok_or(StoreError::Closed)?;
                accounts.close_one(self).await?;
            }
        }
        Ok(())
    }

    /// Whether two handles are of the same list, not only of lists of the same account.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// A pass in the background, after this moment.
    pub(crate) async fn refresh(&self, permit: Permit) -> Result<(), Error> {
        let route = self.inner.route.as_ref().ok_or(Error::NoSource)?;
        self.inner.flights.refresh(route, permit).await
    }

    /// Whether there is no other handle, no stream, and no pass.
    pub(crate) fn is_unused(&mut self) -> bool {
        // A stream holds its list weakly. That there is none of either is seen in one step.
        Arc::get_mut(&mut self.inner).is_some_and(|inner| !inner.flights.is_under_way())
    }

    /// Tells the pass under way to stop, and lets no other begin.
    pub(crate) fn refuse(&self) {
        self.inner.flights.refuse();
    }

    /// Stops the pass under way, and lets no other begin.
    pub(crate) async fn stop(&self) {
        self.inner.flights.stop().await;
    }

    pub(crate) async fn close_store(&self) -> Result<(), Error> {
        Ok(self.inner.store.close().await?)
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

impl Inner {
    /// What a snapshot reports, and a failure that its store could not take in.
    pub(crate) fn report(&self, snapshot: &Snapshot) -> SyncReport {
        report(snapshot, self.flights.untold().as_ref())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("account", &self.account).finish_non_exhaustive()
    }
}
