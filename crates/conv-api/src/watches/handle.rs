//! An interest in an account.

use std::{
    fmt,
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use conv_store::StoreError;
use serde::Serialize;

use super::options::WatchLevel;
use crate::{Conversations, Error, accounts::Shared};

/// An interest in an account: as long as there is one, the account stays loaded and is kept fresh. See
/// [`Accounts::watch`](crate::Accounts::watch). Dropping it ends the interest.
#[must_use = "dropping it ends the interest"]
pub struct Watch {
    accounts: Weak<Shared>,
    list: Conversations,
    is_visible: AtomicBool,
}

/// A request for a fresh list: [`Watch::refresh`] gives it, and a pass that began after it and finished
/// reaches it. The later of two requests for an account is the greater one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SyncMark(u64);

impl SyncMark {
    /// Returns its number, which is unique in this process.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl Watch {
    pub(super) fn new(accounts: Weak<Shared>, list: Conversations, level: WatchLevel) -> Self {
        Self { accounts, list, is_visible: AtomicBool::new(level == WatchLevel::Visible) }
    }

    /// Returns the list of the account.
    pub fn list(&self) -> &Conversations {
        &self.list
    }

    /// Returns the level of this interest. An account is visible if one of its interests is.
    pub fn level(&self) -> WatchLevel {
        level(self.is_visible.load(Ordering::Relaxed))
    }

    /// Changes the level of this interest: a page was hidden, or is shown again.
    pub fn set_level(&self, to: WatchLevel) {
        let is_visible = to == WatchLevel::Visible;
        let was_visible = self.is_visible.swap(is_visible, Ordering::Relaxed);
        if let Some(accounts) = self.accounts.upgrade().filter(|_| was_visible != is_visible) {
            accounts.watches.set_level(self.list.account(), to);
        }
    }

    /// Asks for a pass that begins from now on, as a user does by pulling the list down. Returns at
    /// once; [`reached`](Self::reached) waits for the pass. Requests within the account's
    /// [interval](crate::WatchOptions::interval) share a pass, so a user may ask as often as he likes.
    ///
    /// # Errors
    /// [`Error::Store`] if the list or the accounts were closed.
    pub fn refresh(&self) -> Result<SyncMark, Error> {
        let accounts = self.accounts.upgrade().ok_or(StoreError::Closed)?;
        let mark = accounts.watches.refresh(self.list.account()).ok_or(StoreError::Closed)?;
        Ok(SyncMark(mark))
    }

    /// Waits until a pass that began after a request has finished: the list then shows all that the
    /// cloud had at that moment.
    ///
    /// # Errors
    /// The reason why the newest pass that began after the request failed; if it
    /// [may succeed later](Error::may_succeed_later), another one follows by itself. [`Error::Store`] if
    /// the list was closed.
    pub async fn reached(&self, mark: SyncMark) -> Result<(), Error> {
        self.list.note_answer(mark.0).await
    }

    /// Waits until a finished pass has reached a newer request or mark than that; returns the newest that
    /// is reached. In a loop it follows all passes that had a reason. Cancel-safe.
    ///
    /// # Errors
    /// [`Error::Store`] if the list was closed.
    pub async fn reached_after(&self, mark: SyncMark) -> Result<SyncMark, Error> {
        self.list.served_after(mark.0).await.map(SyncMark)
    }

    /// Returns the newest request or mark of the account that a finished pass has reached. All earlier
    /// ones are reached, too.
    pub fn newest_reached(&self) -> SyncMark {
        SyncMark(self.list.progress().served)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(accounts) = self.accounts.upgrade() {
            accounts.watches.unwatch(self.list.account(), self.level());
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("level", &self.level()).finish_non_exhaustive()
    }
}

fn level(is_visible: bool) -> WatchLevel {
    if is_visible { WatchLevel::Visible } else { WatchLevel::Background }
}
