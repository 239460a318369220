//! The handle: the SDK's two calls, and what keeps them true.

mod builder;
mod config;
mod inner;
mod interest;
mod kept;
mod lifecycle;
mod profile;
mod profiles;
mod pulling;
mod writing;

use std::{fmt, num::NonZeroUsize, sync::Arc};

use conv_model::{AccountId, ConversationQuery, PageKey, SyncReport};
use conv_store::{ListPage, Snapshot, Totals};

use crate::{ConversationList, Error, Events, LiveList, listener::Listener};

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
    /// Says that somebody uses the list.
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

    /// Whose list it is.
    pub fn account(&self) -> &AccountId {
        &self.inner.account
    }

    /// The rows that a query asks for, from the cache, with a report of the same instant.
    ///
    /// [`All`](crate::All), a list of IDs, or a [`ConversationFilter`](crate::ConversationFilter). IDs that are not cached
    /// are left out; rows come in list order, each once; profiles hold name and avatar alone.
    /// Never waits for the network, and never fails because the cloud failed.
    ///
    /// # Errors
    /// None today, and never one of the query: that is checked where it is made.
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

    /// The first rows that a query asks for, or those after a key, at most `limit` of them.
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

    /// How complete the list is now, why it may be short, and what is going on.
    pub fn sync_report(&self) -> SyncReport {
        self.inner.report(&self.snapshot())
    }

    /// The rows that a query asks for, as they change: first all of them, then step by step. See
    /// [`LiveList`] for a window, and for how often it tells.
    ///
    /// Applied one after another, the updates give what
    /// [`get_conversation_list`](Self::get_conversation_list) answers at the commit that each of
    /// them names.
    #[doc(alias = "getConversationList")]
    pub fn subscribe(&self, query: impl Into<ConversationQuery>) -> LiveList {
        LiveList::new(Listener::new(&self.inner), &query.into())
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
    #[doc(alias = "getTotalUnreadMessageCount")]
    pub fn totals(&self, query: impl Into<ConversationQuery>) -> Totals {
        self.snapshot().totals_of(&query.into())
    }

    /// The list of this instant, for whoever wants more than the two calls: totals, names of
    /// groups, changes since a commit.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.store.snapshot()
    }

    /// Whether two handles are of the same list, not only of lists of the same account.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Conversations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversations").field("account", self.account()).finish_non_exhaustive()
    }
}
