//! The task that carries out the schedule, and those it starts.

use std::{
    future::pending,
    sync::{Arc, Weak},
};

use super::{
    rows::read,
    schedule::Action,
    shared::{Watches, note},
    state::{Errand, Step, Task},
};
use crate::{
    Conversations,
    accounts::Shared,
    passes::{Admission, QueueTicket},
};

/// Carries out the schedule as long as there are accounts.
pub(super) async fn run(accounts: Weak<Shared>) {
    let Some((wake, clock)) = accounts
        .upgrade()
        .map(|accounts| (Arc::clone(&accounts.watches.wake), Arc::clone(&accounts.watches.clock)))
    else {
        return;
    };
    loop {
        let next = {
            let Some(accounts) = accounts.upgrade() else { return };
            while accounts.step() {}
            let now = clock.now();
            let next = accounts.watches.lock().wake(now);
            next.map(|next| next.saturating_sub(now))
        };
        let timer = async {
            match next {
                Some(time) => clock.sleep(time).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = wake.notified() => {}
            () = timer => {}
        }
    }
}

impl Shared {
    /// Does the next thing that is due; returns false if there is none.
    fn step(self: &Arc<Self>) -> bool {
        let step = self.watches.lock().next(self.watches.now());
        match step {
            None => return false,
            Some(Step::Marked(noting)) => note(noting),
            Some(Step::Act { noting, action }) => {
                let Some((list, number)) = noting else {
                    self.watches.drop_action(&action);
                    return true;
                };
                list.note(number);
                self.start(list, action);
            }
        }
        true
    }

    /// Starts the task of an action.
    fn start(self: &Arc<Self>, list: Conversations, action: Action) {
        let Ok(runtime) = self.runtime.get() else { return };
        let (accounts, account) = (Arc::downgrade(self), list.account().clone());
        let ticket = Arc::new(QueueTicket::new(&self.queue));
        ticket.set_visible(self.watches.lock().schedule.is_visible(&account));
        let task = match action {
            Action::Pull(_) => runtime.spawn(wait(accounts, list, Arc::clone(&ticket))),
            Action::Read(_, ref work) => {
                runtime.spawn(read(accounts, list, work.clone(), Arc::clone(&ticket)))
            }
        };
        let errand = Errand { ticket, task: Task(task.abort_handle()) };
        let before = match self.watches.lock().lists.get_mut(&account) {
            Some(followed) => {
                let place = match action {
                    Action::Pull(_) => &mut followed.waiter,
                    Action::Read(..) => &mut followed.reader,
                };
                place.replace(errand)
            }
            // No longer watched.
            None => Some(errand),
        };
        drop(before);
    }

    /// Begins a pass that was asked for, unless one is under way: that one saw the mark, or is followed
    /// by another.
    fn begin(&self, list: &Conversations, admission: Admission) {
        let (watches, account) = (&self.watches, list.account());
        if !watches.lock().schedule.is_asked(account) {
            return;
        }
        let begins = !list.progress().is_running && list.begin_noted(admission).is_ok();
        {
            let now = watches.now();
            let mut state = watches.lock();
            // Read under the lock, so that no older progress follows it.
            let progress = list.progress();
            match begins {
                true => state.schedule.started(now, account, progress),
                false => {
                    state.schedule.give_up(now, account);
                    state.schedule.progress(now, account, progress);
                }
            }
        }
        watches.wake.notify_one();
    }
}

impl Watches {
    /// A task is about to end: its handle would keep its memory.
    pub(super) fn forget_errand(&self, list: &Conversations, ticket: &Arc<QueueTicket>) {
        let mut state = self.lock();
        if let Some(followed) = state.lists.get_mut(list.account()) {
            for errand in [&mut followed.waiter, &mut followed.reader] {
                drop(errand.take_if(|errand| Arc::ptr_eq(&errand.ticket, ticket)));
            }
        }
    }

    /// The list does not exist.
    fn drop_action(&self, action: &Action) {
        let (Action::Pull(account) | Action::Read(account, _)) = action;
        self.lock().schedule.lost(self.now(), account);
    }
}

/// Waits for the turn of a pass, in the line of its account.
async fn wait(accounts: Weak<Shared>, list: Conversations, ticket: Arc<QueueTicket>) {
    let Some(clock) = accounts.upgrade().map(|it| Arc::clone(&it.watches.clock)) else { return };
    let admission = ticket.admit(&*clock, None).await;
    if let Some(accounts) = accounts.upgrade() {
        accounts.watches.forget_errand(&list, &ticket);
        accounts.begin(&list, admission);
    }
}
