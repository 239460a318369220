//! The changes since a position.

use std::{num::NonZeroUsize, sync::Arc};

use conv_model::{Commit, Conversation, ConversationId, ConversationQuery, Position, Seq};

use super::Snapshot;
use crate::list::row::Row;

/// The point from which a reader goes on.
///
/// ```
/// use conv_model::{Position, Seq};
/// use conv_store::ResumeFrom;
///
/// let position = Position::new(7, Seq::new(42));
/// let from = ResumeFrom::from(position).with_conversations(120);
/// assert_eq!(from.position, position);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ResumeFrom {
    /// The position of the reader.
    pub position: Position,
    /// The number of rows that matched the query there, those below the window among them, as
    /// [`Totals::conversations`](crate::Totals::conversations) said. It shows which rows of a window
    /// the reader holds. Without it a [`Since::Sync`] of a window has all rows.
    pub conversations: Option<u64>,
}

impl ResumeFrom {
    /// Sets the number of rows that matched the query at the position.
    #[must_use]
    pub fn with_conversations(self, conversations: u64) -> Self {
        Self { conversations: Some(conversations), ..self }
    }
}

impl From<Position> for ResumeFrom {
    fn from(position: Position) -> Self {
        Self { position, conversations: None }
    }
}

/// The changes since a position: the answer of [`Snapshot::since`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Since {
    /// Nothing.
    Same,
    /// The commits from there on, oldest first, in all their steps. Rows that they removed are named.
    Changes(Vec<Arc<Commit>>),
    /// The rows of the window as a difference: the commits are no longer kept.
    Sync {
        /// The IDs of the window's rows, in list order. Rows that are not in it have left.
        order: Vec<ConversationId>,
        /// The rows that changed since, or that the reader may not hold, in list order.
        rows: Vec<Arc<Conversation>>,
    },
    /// The reader has to begin again.
    Reset(ResetReason),
}

/// The reason that a reader has to begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetReason {
    /// The list gives no position at the moment: nothing was stored yet, acknowledged writes were lost,
    /// or what a restart interrupted is not stored yet.
    NoPosition,
    /// The position is of another epoch.
    OtherEpoch,
    /// The position is ahead of the list: another process has seen later writes.
    Ahead,
    /// The commits are no longer kept, and a whole list has no window whose order would say what left.
    TooOld,
}

impl Snapshot {
    /// Returns the position of the list: what a reader keeps to go on from later, also in another
    /// process. `None` while the list has none; see [`ResetReason::NoPosition`].
    ///
    /// While rows are [provisional](conv_model::Conversation::provisional), it is of an epoch that this
    /// opening of the store alone knows: elsewhere a reader begins again. A reader of stored rows can go on
    /// from his position meanwhile.
    pub fn position(&self) -> Option<Position> {
        self.state().position()
    }

    /// Returns the position of the list without what events stated: what two processes over one store can
    /// compare. `None` while the list has none.
    ///
    /// It is [`position`](Self::position), unless rows are provisional.
    pub fn stored_position(&self) -> Option<Position> {
        self.state().stored_position()
    }

    /// Returns what changed of a query's first rows, or with `None` of all of them, since a position.
    ///
    /// The reader must have had the same query with the same window.
    ///
    /// ```
    /// use conv_model::{All, ConversationId, ConversationPatch, Delta};
    /// use conv_store::{ConversationStore, MemoryStore, Since};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = MemoryStore::open().await?;
    /// let [alice, bob] = [ConversationId::c2c("alice")?, ConversationId::c2c("bob")?];
    /// store.apply(Delta::listed([ConversationPatch::new(alice)])).await?;
    /// let position = store.snapshot().position().ok_or("no position")?;
    ///
    /// store.apply(Delta::listed([ConversationPatch::new(bob.clone())])).await?;
    /// let Since::Changes(commits) = store.snapshot().since(&All.into(), None, position) else {
    ///     return Err("expected changes".into());
    /// };
    /// assert_eq!(commits[0].changes[0].id(), Some(&bob));
    /// # Ok(())
    /// # }
    /// ```
    pub fn since(
        &self,
        query: &ConversationQuery,
        window: Option<usize>,
        from: impl Into<ResumeFrom>,
    ) -> Since {
        let from = from.into();
        let state = self.state();
        if state.suggestions.epoch() == Some(from.position.epoch) {
            return self.since_commit(from.position.write);
        }
        let Some(here) = state.stored_position() else {
            return Since::Reset(ResetReason::NoPosition);
        };
        let Position { epoch, write } = from.position;
        if epoch != here.epoch {
            return Since::Reset(ResetReason::OtherEpoch);
        }
        if write > here.write {
            return Since::Reset(ResetReason::Ahead);
        }
        // Such a reader had the rows as they are stored.
        if write == here.write && !state.suggestions.show_any() {
            return Since::Same;
        }
        match (state.log.after_write(write), window) {
            (Some(commits), _) => Since::Changes(commits),
            (None, Some(window)) => self.sync_of(query, window, write, from.conversations),
            (None, None) => Since::Reset(ResetReason::TooOld),
        }
    }

    /// Returns what changed since a commit of this store, whose rows showed what events stated.
    fn since_commit(&self, seq: Seq) -> Since {
        if seq >= self.seq() {
            return if seq == self.seq() { Since::Same } else { Since::Reset(ResetReason::Ahead) };
        }
        self.changes_since(seq).map_or(Since::Reset(ResetReason::TooOld), Since::Changes)
    }

    fn sync_of(
        &self,
        query: &ConversationQuery,
        window: usize,
        since: Seq,
        conversations: Option<u64>,
    ) -> Since {
        let shown = match NonZeroUsize::new(window) {
            Some(window) => self.page(query, window, None).rows,
            None => Vec::new(),
        };
        let order = shown.iter().map(|row| row.id.clone()).collect();
        let mut held = self.certainly_held(query, window, since, conversations);
        let is_new = |row: &Arc<Conversation>| {
            if self.has_changed(&row.id, since) {
                return true;
            }
            let is_held = held > 0;
            held = held.saturating_sub(1);
            !is_held
        };
        Since::Sync { order, rows: shown.into_iter().filter(is_new).collect() }
    }

    /// Returns the number of rows that have not changed since a write, counted from the top of the
    /// list, that were in a reader's window then.
    ///
    /// Such a row matched then, and those above it were above it. Between them there were at most so
    /// many others as rows that matched then and have changed or left since.
    fn certainly_held(
        &self,
        query: &ConversationQuery,
        window: usize,
        since: Seq,
        conversations: Option<u64>,
    ) -> usize {
        let Some(conversations) = conversations else { return 0 };
        let unchanged =
            self.list(query).iter().filter(|row| !self.has_changed(&row.id, since)).count();
        let others = conversations.checked_sub(unchanged as u64);
        let others = others.and_then(|others| usize::try_from(others).ok());
        others.map_or(0, |others| window.saturating_sub(others))
    }

    fn has_changed(&self, id: &ConversationId, since: Seq) -> bool {
        let state = self.state();
        let last = |row: &Row| state.last_write(row);
        state.suggestions.shows(id) || state.rows.get(id).is_none_or(|row| last(row) > since)
    }
}
