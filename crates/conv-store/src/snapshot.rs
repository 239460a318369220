//! A list at one instant.

mod heap;
#[cfg(any(test, feature = "testing"))]
mod mock;
mod page;
mod scan;
mod since;

use std::{fmt, num::NonZeroUsize, sync::Arc};

use conv_model::{
    Commit, Conversation, ConversationId, ConversationQuery, Local, Outbox, PageKey, Seq,
    SyncReport, SyncState, list_order,
};

use crate::{
    Totals,
    list::{row::Row, state::State},
};

pub use self::{
    page::ListPage,
    scan::Scan,
    since::{ResetReason, ResumeFrom, Since},
};

/// An account's list at one instant: rows, totals, groups and sync state of the same commit.
///
/// It never changes, costs one pointer to clone, and shares every row with the snapshots before
/// and after that have the same one.
///
/// ```
/// use conv_model::{All, Conversation, ConversationId, SyncState};
/// use conv_store::Snapshot;
///
/// // A mock, with the feature `testing`; a store gives its own.
/// let row = Conversation::new(ConversationId::c2c("alice")?);
/// let snapshot = Snapshot::of([row], SyncState::default());
/// assert_eq!(snapshot.list(&All.into()).len(), 1);
/// assert_eq!(snapshot.totals().conversations, 1);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone)]
pub struct Snapshot(Arc<State>);

impl Snapshot {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(state))
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }

    /// Returns true for clones of one snapshot, which are equal in everything. Two snapshots of a list
    /// between which nothing changed may be one or not.
    ///
    /// ```
    /// use conv_model::{Conversation, ConversationId, SyncState};
    /// use conv_store::Snapshot;
    ///
    /// let of = |id| Snapshot::of([Conversation::new(id)], SyncState::default());
    /// let alice = ConversationId::c2c("alice")?;
    /// let snapshot = of(alice.clone());
    /// assert!(snapshot.is_same(&snapshot.clone()));
    /// assert!(!snapshot.is_same(&of(alice)));
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the number of the newest commit in it.
    pub fn seq(&self) -> Seq {
        self.0.seq
    }

    /// Returns the number of the last stored write: the newest one that a request sent now can
    /// reflect. See [`Delta::asked`](conv_model::Delta::asked).
    pub fn written(&self) -> Seq {
        self.state().written
    }

    /// Returns the state of the sync.
    pub fn sync(&self) -> &SyncState {
        &self.0.sync
    }

    /// Returns the report on the list's completeness, with the facets that at least one row lacks. The
    /// system conversation has no profile, and does not count as lacking one.
    pub fn report(&self) -> SyncReport {
        let mut report = self.0.sync.report();
        report.not_fetched = self.0.rows.not_fetched();
        report
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.0.rows.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Iterates over all rows in list order, without the detail of their profiles. Taking the first few
    /// costs no more than those.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.0.rows.listed()
    }

    /// Returns the rows that a query asks for, in list order, each once, without the detail of their
    /// profiles. IDs that are not cached are left out.
    ///
    /// [`ConversationQuery::matches`] decides, except for [`ConversationQuery::Ids`], which are looked
    /// up.
    pub fn list(&self, query: &ConversationQuery) -> Vec<Arc<Conversation>> {
        match query {
            ConversationQuery::Ids(ids) => self.list_ids(ids),
            query => self.0.rows.matching(query, None).cloned().collect(),
        }
    }

    /// Returns the first rows that a query asks for, or those after a key, at most `limit` of them.
    ///
    /// A snapshot is paged as of its instant: the pages of one together are its
    /// [`list`](Self::list). A key may come from another snapshot, or name a row that is gone.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// use conv_model::{All, Conversation, ConversationId, SyncState};
    /// use conv_store::Snapshot;
    ///
    /// let rows = ["alice", "bob", "carol"].map(|user| ConversationId::c2c(user));
    /// let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    /// let snapshot = Snapshot::of(rows.into_iter().map(Conversation::new), SyncState::default());
    ///
    /// let two = NonZeroUsize::MIN.saturating_add(1);
    /// let first = snapshot.page(&All.into(), two, None);
    /// let second = snapshot.page(&All.into(), two, first.next.as_ref());
    /// assert_eq!((first.rows.len(), second.rows.len()), (2, 1));
    /// assert_eq!(second.next, None);
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    pub fn page(
        &self,
        query: &ConversationQuery,
        limit: NonZeroUsize,
        after: Option<&PageKey>,
    ) -> ListPage {
        match query {
            ConversationQuery::Ids(ids) => {
                let rows = self.list_ids(ids);
                let is_next =
                    |row: &&Arc<Conversation>| after.is_none_or(|key| PageKey::of(row) > *key);
                let rows = rows.iter().filter(is_next).take(limit.get()).cloned().collect();
                ListPage::of(rows, limit)
            }
            query => ListPage::of(self.0.rows.matching(query, after).first(limit.get()), limit),
        }
    }

    fn list_ids(&self, ids: &[ConversationId]) -> Vec<Arc<Conversation>> {
        let found = ids.iter().filter_map(|id| self.0.rows.get(id));
        let mut rows: Vec<_> = found.map(|row| Arc::clone(row.listed())).collect();
        rows.sort_unstable_by(|a, b| list_order(a, b));
        rows.dedup_by(|a, b| a.id == b.id);
        rows
    }

    /// Returns one row, with the detail of its profile if that is known.
    pub fn get(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.0.rows.get(id).map(|row| Arc::clone(row.whole()))
    }

    /// Returns one row as the cloud said it last, also one that a pending deletion hides.
    pub fn base(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.0.base_row(id).map(|row| Arc::clone(row.base()))
    }

    /// Returns what the user changed and the cloud has yet to show.
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// Returns one row as the list shows it.
    pub(crate) fn listed(&self, id: &ConversationId) -> Option<&Arc<Conversation>> {
        self.0.rows.get(id).map(Row::listed)
    }

    /// Returns the sums over all rows.
    pub fn totals(&self) -> Totals {
        self.0.rows.totals()
    }

    /// Returns the sums over the rows that a query asks for.
    pub fn totals_of(&self, query: &ConversationQuery) -> Totals {
        match query {
            ConversationQuery::All => self.totals(),
            ConversationQuery::Ids(ids) => self.list_ids(ids).iter().map(AsRef::as_ref).collect(),
            query => self.0.rows.totals_of(query),
        }
    }

    /// Returns the names of the account's conversation groups: those that were read, those that rows
    /// are in, and those that were just created. Ascending, each once.
    pub fn groups(&self) -> Vec<Arc<str>> {
        self.0.group_names().into_iter().collect()
    }

    /// Returns the local state of a conversation, also of one without a row; `None` if it was never set.
    pub fn local(&self, id: &ConversationId) -> Option<Local> {
        self.0.local(id).cloned()
    }

    /// Returns the commits after a number, oldest first, up to this snapshot's. `None` if some are no
    /// longer kept: read the list again.
    ///
    /// Their rows are those that a list shows: if only the detail of a profile changed, before and
    /// after are the same row.
    pub fn changes_since(&self, seq: Seq) -> Option<Vec<Arc<Commit>>> {
        self.0.log.after(seq)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("seq", &self.seq())
            .field("rows", &self.len())
            .field("sync", self.sync())
            .finish_non_exhaustive()
    }
}
