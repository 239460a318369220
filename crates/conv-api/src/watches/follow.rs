//! The task of a watched account: reports to the schedule what became of its passes, and to the index
//! what became of its rows.

use std::sync::Weak;

use conv_store::Snapshot;

use super::{index::Slot, shared::Watches};
use crate::{Conversations, accounts::Shared};

/// The place of a list in the index. It is given back however the task ends.
struct Place {
    accounts: Weak<Shared>,
    slot: Slot,
    seen: Option<Snapshot>,
}

/// Follows a list until it is closed or no longer watched.
pub(super) async fn follow(accounts: Weak<Shared>, list: Conversations) {
    let Some(mut place) = Place::of(&accounts, &list) else { return };
    let (mut watcher, mut states) = (list.watcher(), list.pass_states());
    loop {
        states.mark_unchanged();
        let snapshot = list.snapshot();
        {
            let Some(accounts) = accounts.upgrade() else { return };
            place.follow(&accounts.watches, &snapshot);
            accounts.watches.report(&list);
        }
        let is_open = tokio::select! {
            biased;
            newer = watcher.newer_than(snapshot.seq()) => newer.is_ok(),
            changed = states.changed() => changed.is_ok() && !watcher.is_closed(),
        };
        if !is_open {
            break;
        }
    }
    if let Some(accounts) = accounts.upgrade() {
        accounts.watches.lost(&list);
    }
}

impl Place {
    fn of(accounts: &Weak<Shared>, list: &Conversations) -> Option<Self> {
        let slot = accounts.upgrade()?.watches.lock().index.enter(list.account())?;
        Some(Self { accounts: Weak::clone(accounts), slot, seen: None })
    }

    fn follow(&mut self, watches: &Watches, snapshot: &Snapshot) {
        if self.seen.as_ref().is_none_or(|seen| seen.seq() != snapshot.seq()) {
            let seen = self.seen.replace(snapshot.clone());
            watches.lock().index.follow(self.slot, seen.as_ref(), snapshot);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(accounts) = self.accounts.upgrade() {
            accounts.watches.lock().index.leave(self.slot, self.seen.as_ref());
        }
    }
}

impl Watches {
    /// Reports to the schedule what became of the passes of a list.
    fn report(&self, list: &Conversations) {
        let now = self.now();
        let mut state = self.lock();
        // Read under the lock, so that no older progress follows it.
        state.schedule.progress(now, list.account(), list.progress());
        drop(state);
        self.wake.notify_one();
    }

    /// A list was closed. One that replaced it is not meant.
    fn lost(&self, list: &Conversations) {
        let gone = {
            let mut state = self.lock();
            let is_current =
                state.lists.get(list.account()).is_some_and(|held| held.list.is_same(list));
            if !is_current {
                return;
            }
            state.schedule.lost(self.now(), list.account());
            state.lists.remove(list.account())
        };
        drop(gone);
    }
}
