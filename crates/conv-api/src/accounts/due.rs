//! Accounts whose pass in the background is due: it waits for its turn, or for better times.
//!
//! An account may be marked while it is not loaded, while it cannot be loaded, or while its passes
//! fail; and it may leave memory meanwhile. The mark is kept here then, as long as no list has it.

use std::collections::HashMap;

use conv_model::AccountId;

use crate::passes::Unserved;

#[derive(Debug, Default)]
pub(super) struct DueAccounts {
    accounts: HashMap<AccountId, Due>,
    tasks: u64,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    /// A request that must not be lost; a refresh alone may be.
    mark: Option<Unserved>,
    /// The task that serves it, if there is one.
    task: Option<TaskNumber>,
}

/// Distinguishes the tasks of an account: a forgotten account may have become due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskNumber(u64);

impl DueAccounts {
    /// Notes a mark; returns the number of the task to start, if there is none.
    pub(super) fn mark(&mut self, account: &AccountId) -> Option<TaskNumber> {
        self.due(account).mark.get_or_insert_default().is_blocked = false;
        self.start(account)
    }

    /// Notes that a pass is due; returns the number of the task to start, if there is none.
    pub(super) fn refresh(&mut self, account: &AccountId) -> Option<TaskNumber> {
        self.due(account);
        self.start(account)
    }

    /// Keeps the mark of a list that leaves memory. No task serves it yet.
    pub(super) fn keep(&mut self, account: &AccountId, mark: Unserved) {
        self.due(account).mark = Some(mark);
    }

    /// Starts a task for a mark that waiting may help; none if there is one.
    pub(super) fn resume(&mut self, account: &AccountId) -> Option<TaskNumber> {
        let mark = self.accounts.get(account)?.mark?;
        if mark.is_blocked { None } else { self.start(account) }
    }

    /// Returns the mark by which a pass is still due, if there is one.
    pub(super) fn of_task(
        &self,
        account: &AccountId,
        task: TaskNumber,
    ) -> Option<Option<Unserved>> {
        let due = self.accounts.get(account).filter(|due| due.task == Some(task))?;
        Some(due.mark)
    }

    /// The list has it from now on.
    pub(super) fn remove(&mut self, account: &AccountId) {
        self.accounts.remove(account);
    }

    /// A task could not do it.
    pub(super) fn fail(&mut self, account: &AccountId, task: TaskNumber, may_succeed_later: bool) {
        let due = self.accounts.get_mut(account).filter(|due| due.task == Some(task));
        if let Some(mark) = due.and_then(|due| due.mark.as_mut()) {
            mark.failed = mark.failed.saturating_add(1);
            mark.is_blocked = !may_succeed_later;
        }
    }

    /// A task is gone. What it left undone stays if it is a mark.
    pub(super) fn end(&mut self, account: &AccountId, task: TaskNumber) {
        let Some(due) = self.accounts.get_mut(account) else { return };
        if due.task == Some(task) {
            due.task = None;
            if due.mark.is_none() {
                self.accounts.remove(account);
            }
        }
    }

    /// Takes a mark that no task serves.
    pub(super) fn take_idle(&mut self, account: &AccountId) -> Option<Unserved> {
        let due = self.accounts.get(account).filter(|due| due.task.is_none())?;
        let mark = due.mark;
        self.accounts.remove(account);
        mark
    }

    pub(super) fn len(&self) -> usize {
        self.accounts.len()
    }

    pub(super) fn clear(&mut self) {
        self.accounts.clear();
    }

    fn due(&mut self, account: &AccountId) -> &mut Due {
        self.accounts.entry(account.clone()).or_insert(Due { mark: None, task: None })
    }

    fn start(&mut self, account: &AccountId) -> Option<TaskNumber> {
        let number = TaskNumber(self.tasks);
        let due = self.accounts.get_mut(account).filter(|due| due.task.is_none())?;
        due.task = Some(number);
        self.tasks += 1;
        Some(number)
    }
}
