//! All that the watches of a process know, behind one lock.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use conv_model::{AccountId, ConversationId};
use tokio::task::AbortHandle;

use super::{
    fanout::Fanout,
    figures::WatchStats,
    index::Index,
    options::WatchOptions,
    schedule::{Action, Schedule},
    work::Pending,
};
use crate::{
    Conversations,
    passes::{QueueTicket, Rate},
};

#[derive(Debug)]
pub(super) struct State {
    pub(super) schedule: Schedule,
    pub(super) index: Index,
    pub(super) fanout: Fanout,
    pub(super) lists: HashMap<AccountId, Followed>,
    /// The suggestions that may be shown.
    suggestions: Rate,
    /// The task that carries out the schedule.
    pub(super) task: Option<AbortHandle>,
    /// Hears the marks of other processes.
    pub(super) listener: Option<Task>,
}

/// The list of a watched account, and the tasks for it. They end with it.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) list: Conversations,
    #[expect(dead_code, reason = "held, not read")]
    pub(super) follower: Task,
    /// Waits for the turn of a pass.
    pub(super) waiter: Option<Errand>,
    /// Reads facets.
    pub(super) reader: Option<Errand>,
}

/// A task that queues with the passes.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) ticket: Arc<QueueTicket>,
    #[expect(dead_code, reason = "held, not read")]
    pub(super) task: Task,
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Task(pub(super) AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Followed {
    /// Moves all that queues for the account to the line of its level.
    pub(super) fn set_visible(&self, is_visible: bool) {
        for errand in [&self.waiter, &self.reader].into_iter().flatten() {
            errand.ticket.set_visible(is_visible);
        }
        self.list.set_visible(is_visible);
    }
}

impl State {
    pub(super) fn new(options: &WatchOptions, rate: NonZeroU32) -> Self {
        Self {
            schedule: Schedule::new(options.clone(), rate),
            index: Index::default(),
            fanout: Fanout::new(options),
            lists: HashMap::new(),
            suggestions: Rate::with_burst(
                options.suggestions_per_second,
                options.suggestions_per_second,
            ),
            task: None,
            listener: None,
        }
    }

    /// Returns true if marks of other processes are not heard.
    pub(super) fn is_deaf(&self) -> bool {
        self.listener.as_ref().is_none_or(|listener| listener.0.is_finished())
    }

    /// Marks the holders of a row, those that may be now. Returns false if there is none.
    pub(super) fn mark_holders(
        &mut self,
        now: Duration,
        row: &ConversationId,
        work: &Pending,
    ) -> bool {
        self.schedule.hear(now);
        let index = &self.index;
        self.fanout.add(row, work, || index.holders(row).cloned().collect())
    }

    /// Returns the list of a watched account that may take a suggestion now.
    pub(super) fn suggest(&mut self, now: Duration, account: &AccountId) -> Option<Conversations> {
        let list = &self.lists.get(account)?.list;
        self.suggestions.take(now).ok()?;
        self.schedule.counts.suggestions += 1;
        Some(list.clone())
    }

    /// Returns the lists of the accounts that hold a row, as many as may take a suggestion now.
    pub(super) fn suggest_to_holders(
        &mut self,
        now: Duration,
        row: &ConversationId,
    ) -> Vec<Conversations> {
        let Self { index, suggestions, lists, .. } = self;
        let holders = index.holders(row).filter_map(|account| lists.get(account));
        let lists: Vec<_> = holders
            .take_while(|_| suggestions.take(now).is_ok())
            .map(|followed| followed.list.clone())
            .collect();
        self.schedule.counts.suggestions += lists.len() as u64;
        lists
    }

    /// Notes that another process sent a mark. Returns true if it is of an account that is watched.
    pub(super) fn hears_for(&mut self, now: Duration, account: &AccountId) -> bool {
        self.schedule.hear(now);
        let is_watched = self.lists.contains_key(account);
        self.schedule.counts.marks_of_others += u64::from(is_watched);
        is_watched
    }

    /// Marks an account. Returns the list that has to note the mark, and the mark's number.
    pub(super) fn mark(
        &mut self,
        now: Duration,
        account: &AccountId,
        work: &Pending,
    ) -> Option<Option<(Conversations, u64)>> {
        let number = self.schedule.mark(now, account, work)?;
        Some(number.and_then(|number| self.noting(account, number)))
    }

    pub(super) fn noting(&self, account: &AccountId, number: u64) -> Option<(Conversations, u64)> {
        Some((self.lists.get(account)?.list.clone(), number))
    }

    /// Returns the next thing to do, with the list it is for and the mark that a pass has to see.
    pub(super) fn next(&mut self, now: Duration) -> Option<Step> {
        if let Some((account, work)) = self.fanout.next(now) {
            let noting = self.mark(now, &account, &work).flatten();
            return Some(Step::Marked(noting));
        }
        let action = self.schedule.next(now)?;
        let (Action::Pull(account) | Action::Read(account, _)) = &action;
        let newest = self.schedule.newest_mark(account);
        Some(Step::Act { noting: self.noting(account, newest), action })
    }

    /// Returns the moment at which there is something to do.
    pub(super) fn wake(&self, now: Duration) -> Option<Duration> {
        [self.schedule.wake(), self.fanout.wake(now)].into_iter().flatten().min()
    }

    pub(super) fn stats(&self) -> WatchStats {
        let (watched, visible) = self.schedule.counts();
        let indexed_rows = self.index.len();
        WatchStats { watched, visible, indexed_rows, ..self.schedule.counts }
    }
}

/// A step of the schedule's task.
#[derive(Debug)]
pub(super) enum Step {
    /// An account was marked, and its list may have to note it.
    Marked(Option<(Conversations, u64)>),
    Act {
        noting: Option<(Conversations, u64)>,
        action: Action,
    },
}
