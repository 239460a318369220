//! Marks for the watches of other processes.
//!
//! A webhook comes to one process, and another one may watch the account. So each mark from outside is
//! sent to all, as far as messages arrive: one that is missed costs time, as a webhook that is missed
//! does. What others sent is marked here and not sent again.

mod text;

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use conv_model::{AccountId, ConversationId};
use conv_store::{Signal, Signals, StoreError};
use tokio::task::AbortHandle;

use super::work::Pending;
use crate::{accounts::Shared, runtime::Runtime};

/// The most marks that wait to be sent; beyond it the oldest goes.
const MOST: usize = 4_096;

/// The other processes on the database.
#[derive(Debug)]
pub(crate) struct Neighbours {
    signals: Arc<dyn Signals>,
    /// This process, among all.
    own: String,
    queue: Mutex<Queue>,
}

/// Marks that wait to be sent. Those of one subject become one.
#[derive(Debug, Default)]
struct Queue {
    marks: HashMap<Subject, Pending>,
    /// The subjects, oldest first.
    order: VecDeque<Subject>,
    /// Set until the sender found nothing more.
    is_sending: bool,
    sender: Option<AbortHandle>,
}

/// The subject of a mark.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Account(AccountId),
    /// All accounts that hold a row.
    Holders(ConversationId),
}

/// A mark of another process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) subject: Subject,
    pub(super) work: Pending,
}

impl Neighbours {
    /// Returns those of a database; `None` if it has no signals.
    pub(crate) fn new(signals: Option<Arc<dyn Signals>>) -> Option<Arc<Self>> {
        let own = format!("{:016x}", RandomState::new().hash_one("a process"));
        signals.map(|signals| Arc::new(Self { signals, own, queue: Mutex::default() }))
    }

    /// Sends a mark to the others, soon. Returns at once.
    pub(super) fn tell(self: &Arc<Self>, runtime: &Runtime, subject: Subject, work: &Pending) {
        if !self.lock().add(subject, work) {
            return;
        }
        // Without a runtime the marks wait for the next one.
        let Ok(runtime) = runtime.get() else { return };
        let mut queue = self.lock();
        if queue.starts() {
            queue.sender = Some(runtime.spawn(send(Arc::clone(self))).abort_handle());
        }
    }

    /// Returns a mark that another process sent; `None` if the message is another one, or our own.
    fn read(&self, signal: &Signal) -> Option<Heard> {
        text::parse(signal, &self.own)
    }

    async fn send_one(&self, subject: &Subject, work: &Pending) -> Result<(), StoreError> {
        let text = text::of(&self.own, subject, work);
        match subject {
            Subject::Account(account) => self.signals.send(account, &text).await,
            // It is about no account, and a message has one.
            Subject::Holders(_) => match "holders".parse() {
                Ok(account) => self.signals.send(&account, &text).await,
                Err(_) => Ok(()),
            },
        }
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Adds a mark. Returns true if a sender may have to be started.
    fn add(&mut self, subject: Subject, work: &Pending) -> bool {
        match self.marks.entry(subject) {
            Entry::Occupied(mut mark) => mark.get_mut().merge(work),
            Entry::Vacant(place) => {
                self.order.push_back(place.key().clone());
                place.insert(work.clone());
            }
        }
        if self.order.len() > MOST {
            let oldest = self.order.pop_front();
            oldest.and_then(|oldest| self.marks.remove(&oldest));
        }
        self.is_idle()
    }

    /// Returns true if no sender is there: it found nothing, or its runtime ended.
    fn is_idle(&self) -> bool {
        !self.is_sending || self.sender.as_ref().is_none_or(AbortHandle::is_finished)
    }

    /// Returns true for the one who starts the sender.
    fn starts(&mut self) -> bool {
        let starts = self.is_idle();
        self.is_sending = true;
        starts
    }

    fn next(&mut self) -> Option<(Subject, Pending)> {
        let next = self.order.pop_front().and_then(|subject| self.marks.remove_entry(&subject));
        self.is_sending = next.is_some();
        next
    }
}

/// Sends what waits, and ends.
async fn send(neighbours: Arc<Neighbours>) {
    loop {
        let Some((subject, work)) = neighbours.lock().next() else { return };
        if let Err(error) = neighbours.send_one(&subject, &work).await {
            // A server that does not answer would make the rest late: a mark is a hint of now.
            let class = error.class().as_str();
            tracing::debug!(class, "marks could not be sent to other processes");
            let mut queue = neighbours.lock();
            (queue.marks, queue.order) = Default::default();
        }
    }
}

/// Marks what other processes send, as long as there are accounts.
pub(super) async fn listen(accounts: Weak<Shared>, neighbours: Arc<Neighbours>) {
    let mut listener = neighbours.signals.listen();
    loop {
        let signal = listener.next().await;
        let Some(heard) = neighbours.read(&signal) else { continue };
        let Some(accounts) = accounts.upgrade() else { return };
        accounts.watches.heard(heard);
    }
}

#[cfg(test)]
mod tests;
