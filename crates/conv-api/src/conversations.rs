//! The handle: the SDK's two calls, and those around them.

mod builder;
mod config;
mod inner;
mod interest;
mod kept;
mod lifecycle;
mod profile;
mod profiles;
mod pulling;
mod watching;
mod writing;

use std::{fmt, num::NonZeroUsize, sync::Arc};

use conv_model::{AccountId, ConversationQuery, PageKey, SyncReport};
use conv_store::{ConversationStore, ListPage, Snapshot, Totals};
use conv_sync::Clock;

use crate::{ConversationList, Error, Events, LiveList, listener::Listener, outgoing::Outgoing};

pub use self::{builder::ConversationsBuilder, writing::Merged};
pub(crate) use self::{
    config::{HandleConfig, StoreOwner},
    inner::Inner,
    interest::{Interest, InterestWatch},
    kept::Kept,
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
    /// Marks the list as used.
    _interest: Interest,
}

impl Conversations {
    /// Starts building a handle for `account`.
    pub fn builder(account: impl AsRef<str>) -> ConversationsBuilder {
        ConversationsBuilder::new(account.as_ref())
    }

    pub(crate) fn new(config: HandleConfig) -> Self {
        Self::of(Arc::new(Inner::new(config)))
    }

    fn of(inner: Arc<Inner>) -> Self {
        let _interest = inner.interest.clone();
        Self { inner, _interest }
    }

    /// Returns the account that the list belongs to.
    pub fn account(&self) -> &AccountId {
        &self.inner.account
    }

    /// Returns the rows that match a query, from the cache, with a report of the same instant.
    ///
    /// A query is [`All`](crate::All), an array of IDs, a
    /// [`ConversationFilter`](crate::ConversationFilter), or any [`ConversationQuery`]. IDs that are not
    /// cached are left out; rows come in list order, each once; profiles hold name and avatar alone.
    /// Never waits for the network, and never fails because the cloud failed.
    ///
    /// # Errors
    /// None today: a query is checked where it is made, and the answer comes from memory.
    #[doc(alias = "getConversationList")]
    pub async fn get_conversation_list(
        &self,
        query: impl Into<ConversationQuery>,
    ) -> Result<ConversationList, Error> {
        let snapshot = self.snapshot();
        let rows = snapshot.list(&query.into());
        let failure = self.inner.passes.unreported_failure(&snapshot);
        Ok(ConversationList::new(rows, snapshot, failure))
    }

    /// Returns the first rows that match a query, or those after a key, at most `limit` of them.
    ///
    /// Rows that move between two pages may be missed or come twice; [`Scan`](crate::store::Scan)
    /// reads a whole list that moves.
    pub fn page(
        &self,
        query: impl Into<ConversationQuery>,
        limit: NonZeroUsize,
        after: Option<&PageKey>,
    ) -> ListPage {
        self.snapshot().page(&query.into(), limit, after)
    }

    /// Returns a page as the rows of an answer, and the key of the next page: rows, report and snapshot
    /// are of one instant, and no other row is read.
    pub fn list_page(
        &self,
        query: impl Into<ConversationQuery>,
        limit: NonZeroUsize,
        after: Option<&PageKey>,
    ) -> (ConversationList, Option<PageKey>) {
        let snapshot = self.snapshot();
        let page = snapshot.page(&query.into(), limit, after);
        let failure = self.inner.passes.unreported_failure(&snapshot);
        (ConversationList::new(page.rows, snapshot, failure), page.next)
    }

    /// Returns the report: completeness, the limits that cut the list, the pass under way.
    pub fn sync_report(&self) -> SyncReport {
        self.inner.report(&self.snapshot())
    }

    /// Returns a stream of the rows that match a query: first all of them, then each change. See
    /// [`LiveList`] for a window and for the pause between updates.
    ///
    /// After each update, the rows are those that
    /// [`get_conversation_list`](Self::get_conversation_list) answers at the update's commit.
    #[doc(alias = "getConversationList")]
    pub fn subscribe(&self, query: impl Into<ConversationQuery>) -> LiveList {
        LiveList::new(Listener::new(&self.inner), &query.into())
    }

    /// Returns a stream of the changes from now on, named as in the SDK: the list, the total of unread
    /// messages, the names of the conversation groups, the report.
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

    /// Returns sums over the rows that match a query: conversations, unread messages, mentions. Each
    /// update of a [live list](Self::subscribe) holds them, too.
    #[doc(alias = "getTotalUnreadMessageCount")]
    pub fn totals(&self, query: impl Into<ConversationQuery>) -> Totals {
        self.snapshot().totals_of(&query.into())
    }

    /// Returns the list at this instant, for all that the other calls do not offer: names of groups,
    /// changes since a commit, scans.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.store.snapshot()
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.inner.outgoing
    }

    pub(crate) fn store(&self) -> &dyn ConversationStore {
        &*self.inner.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    pub(crate) fn interest(&self) -> Interest {
        self.inner.interest.clone()
    }

    /// Returns true if both handles refer to the same list, not only to lists of the same account.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Conversations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversations").field("account", self.account()).finish_non_exhaustive()
    }
}
