//! The watches of all accounts of a process.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_model::{AccountId, ConversationId, Suggestion};
use conv_sync::Clock;
use tokio::sync::Notify;

use super::{
    figures::WatchStats,
    neighbours::{Heard, Subject},
    options::{WatchLevel, WatchOptions},
    state::State,
    work::Pending,
};
use crate::Conversations;

/// The watches of a process. Lists are noted, woken and dropped where no lock is held.
#[derive(Debug)]
pub(crate) struct Watches {
    state: Mutex<State>,
    pub(super) clock: Arc<dyn Clock>,
    /// Wakes the task of the schedule.
    pub(super) wake: Arc<Notify>,
}

impl Watches {
    /// `rate`: the budget of calls for pages per second.
    pub(crate) fn new(options: &WatchOptions, rate: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        let state = Mutex::new(State::new(options, rate));
        Self { state, clock, wake: Arc::default() }
    }

    pub(crate) fn stats(&self) -> WatchStats {
        self.lock().stats()
    }

    /// Ends all tasks: the accounts are closed.
    pub(crate) fn close(&self) {
        let (lists, task, _listener) = {
            let mut state = self.lock();
            state.schedule.clear();
            (std::mem::take(&mut state.lists), state.task.take(), state.listener.take())
        };
        if let Some(task) = task {
            task.abort();
        }
        drop(lists);
    }

    /// Notes that something changed for an account. Returns false if it is not watched.
    pub(super) fn mark(&self, account: &AccountId, work: &Pending) -> bool {
        let now = self.clock.now();
        let marked = {
            let mut state = self.lock();
            state.schedule.hear(now);
            state.mark(now, account, work)
        };
        let is_watched = marked.is_some();
        if is_watched {
            note(marked.flatten());
            self.wake.notify_one();
        }
        is_watched
    }

    /// Notes that a row changed, for all watched accounts that hold it. Returns false if there is none.
    pub(super) fn mark_holders(&self, row: &ConversationId, work: &Pending) -> bool {
        let now = self.clock.now();
        let is_held = self.lock().mark_holders(now, row, work);
        if is_held {
            self.wake.notify_one();
        }
        is_held
    }

    /// Takes in a mark that another process sent. It is not sent again.
    pub(super) fn heard(&self, Heard { subject, work }: Heard) {
        match subject {
            Subject::Holders(row) => {
                self.mark_holders(&row, &work);
            }
            Subject::Account(account) => {
                if self.lock().hears_for(self.clock.now(), &account) {
                    self.mark(&account, &work);
                }
            }
        }
    }

    /// Returns the watched accounts that hold a row.
    pub(crate) fn holders(&self, row: &ConversationId) -> Vec<AccountId> {
        self.lock().index.holders(row).cloned().collect()
    }

    /// Shows what an event states in the list of a watched account. Returns false if it is not taken.
    pub(super) fn suggest(&self, account: &AccountId, suggestion: Suggestion) -> bool {
        let list = self.lock().suggest(self.clock.now(), account);
        list.is_some_and(|list| list.suggest(suggestion))
    }

    /// Shows what an event states in the lists of the watched accounts that hold its row, as far as the
    /// rate allows. Returns how many take it.
    pub(super) fn suggest_to_holders(&self, suggestion: &Suggestion) -> usize {
        let lists = self.lock().suggest_to_holders(self.clock.now(), &suggestion.id);
        lists.iter().filter(|list| list.suggest(suggestion.clone())).count()
    }

    /// Asks for a pass that begins from now on. Returns its mark; `None` if the account is not watched.
    pub(super) fn refresh(&self, account: &AccountId) -> Option<u64> {
        let (number, noting) = {
            let mut state = self.lock();
            let number = state.schedule.refresh(self.clock.now(), account)?;
            (number, state.noting(account, number))
        };
        note(noting);
        self.wake.notify_one();
        Some(number)
    }

    pub(super) fn set_level(&self, account: &AccountId, level: WatchLevel) {
        let mut state = self.lock();
        let is_visible = state.schedule.set_level(account, level);
        if let Some(followed) = state.lists.get(account) {
            followed.set_visible(is_visible);
        }
    }

    pub(super) fn unwatch(&self, account: &AccountId, level: WatchLevel) {
        let gone = {
            let mut state = self.lock();
            let left = state.schedule.unwatch(self.clock.now(), account, level);
            if let Some(followed) = state.lists.get(account) {
                followed.set_visible(left.is_visible);
            }
            left.is_last.then(|| state.lists.remove(account)).flatten()
        };
        drop(gone);
        self.wake.notify_one();
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Sections are short and none of them panics.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.close();
    }
}

/// Has the list note its mark.
pub(super) fn note(noting: Option<(Conversations, u64)>) {
    if let Some((list, number)) = noting {
        list.note(number);
    }
}
