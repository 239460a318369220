//! Revocations, in all processes that share the database.
//!
//! A value of each account says from when on its UserSigs and tokens are valid. A process asks for it at
//! the account's calls, at most once per [`FRESH`], and again when another process says that it changed.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use conv_api::{
    AccountId, ErrorClass, StoreError, Timestamp,
    store::{SignalValue, Signals},
};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use crate::Session;

/// The key of the value, and the name of the message that says that it changed.
const KEY: &str = "not-before";
const CHANGED: &str = "revoked";
/// The time for which an answer is used.
const FRESH: Duration = Duration::from_secs(10);
/// The time after which an open line asks, in case a message was missed.
const LOOK: Duration = Duration::from_secs(60);
/// A call waits no longer for the server: it uses the known revocations.
const PATIENCE: Duration = Duration::from_millis(500);
/// The number of accounts below which old answers are left where they are.
const FEW: usize = 1_024;

/// The revocations that this process knows, and its way to learn of others.
pub(super) struct Revoked {
    signals: Option<Arc<dyn Signals>>,
    /// The time for which a value is kept beyond its own: no UserSig lives longer.
    lives: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    accounts: HashMap<AccountId, Entry>,
    /// The number of accounts at which old answers are dropped next.
    sweep_at: usize,
    listener: Option<AbortHandle>,
}

struct Entry {
    /// Only ever later: a server that failed over may have lost it.
    not_before: watch::Sender<Option<Timestamp>>,
    asked: Option<Asked>,
}

#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    was_answered: bool,
}

impl Revoked {
    pub(super) fn new(signals: Option<Arc<dyn Signals>>, lives: Duration) -> Arc<Self> {
        Arc::new(Self { signals, lives, known: Mutex::default() })
    }

    /// Returns the first moment of issue that is valid, as far as it is known.
    pub(super) fn not_before(&self, account: &AccountId) -> Option<Timestamp> {
        self.lock().accounts.get(account).and_then(|entry| *entry.not_before.borrow())
    }

    /// Refuses tokens and UserSigs issued before a time, here at once and in the other processes soon.
    ///
    /// # Errors
    /// The server's: then only this process refuses it.
    pub(super) async fn revoke(
        &self,
        account: &AccountId,
        not_before: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock().note(account, Some(not_before));
        let Some(signals) = &self.signals else { return Ok(()) };
        let kept = signals.get(account, KEY).await?.and_then(|value| time(&value));
        let not_before = kept.map_or(not_before, |kept| kept.max(not_before));
        let ahead = Duration::from_secs(not_before.as_secs().saturating_sub(now.as_secs()));
        let text = not_before.as_secs().to_string();
        signals.put(account, KEY, text.as_bytes(), self.lives.saturating_add(ahead)).await?;
        if let Err(error) = signals.send(account, CHANGED).await {
            // They ask for the value by themselves, only later.
            tracing::debug!(class = error.class().as_str(), "other processes were not notified");
        }
        Ok(())
    }

    /// Has this process learn the revocations of an account. While the server is gone, what is known
    /// is used.
    pub(super) async fn learn(self: &Arc<Self>, account: &AccountId) {
        if !self.lock().is_fresh(account, false) {
            // The reason was logged.
            let _ = self.ask(account).await;
        }
    }

    /// The same for a call that makes tokens, which must know the revocations.
    ///
    /// # Errors
    /// The server's, or a timeout.
    pub(super) async fn learn_surely(
        self: &Arc<Self>,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        if self.lock().is_fresh(account, true) { Ok(()) } else { self.ask(account).await }
    }

    /// Waits until a session is revoked, in whichever process. An open line ends then.
    pub(super) async fn until_revoked(self: &Arc<Self>, session: &Session) {
        let mut not_before = self.lock().entry(&session.account).not_before.subscribe();
        loop {
            self.learn(&session.account).await;
            let is_revoked =
                not_before.borrow_and_update().is_some_and(|first| session.issued_at < first);
            if is_revoked {
                return;
            }
            tokio::select! {
                changed = not_before.changed() => drop(changed),
                () = sleep(LOOK) => {}
            }
        }
    }

    async fn ask(self: &Arc<Self>, account: &AccountId) -> Result<(), StoreError> {
        let Some(signals) = &self.signals else { return Ok(()) };
        self.listen(signals);
        let at = Instant::now();
        let answer = timeout(PATIENCE, signals.get(account, KEY)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out()));
        let mut known = self.lock();
        known.entry(account).asked = Some(Asked { at, was_answered: answer.is_ok() });
        match answer {
            Ok(value) => {
                known.note(account, value.and_then(|value| time(&value)));
                Ok(())
            }
            Err(error) => {
                tracing::debug!(class = error.class().as_str(), "it is unknown what is revoked");
                Err(error)
            }
        }
    }

    /// Starts to listen to revocations by other processes.
    fn listen(self: &Arc<Self>, signals: &Arc<dyn Signals>) {
        let mut known = self.lock();
        if known.listener.as_ref().is_none_or(AbortHandle::is_finished) {
            let task = tokio::spawn(listen(Arc::downgrade(self), Arc::clone(signals)));
            known.listener = Some(task.abort_handle());
        }
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_fresh(&self, account: &AccountId, is_sure: bool) -> bool {
        let asked = self.accounts.get(account).and_then(|entry| entry.asked);
        asked.is_some_and(|it| it.at.elapsed() < FRESH && (it.was_answered || !is_sure))
    }

    /// Takes in a time; an earlier one than that which is known changes nothing.
    fn note(&mut self, account: &AccountId, not_before: Option<Timestamp>) {
        self.entry(account).not_before.send_if_modified(|known| {
            let is_later = not_before > *known;
            *known = not_before.max(*known);
            is_later
        });
    }

    fn entry(&mut self, account: &AccountId) -> &mut Entry {
        if self.accounts.len() >= self.sweep_at {
            // Without a database that keeps revocations, only this process knows them.
            self.accounts.retain(|_, entry| entry.is_needed());
            self.sweep_at = self.accounts.len().saturating_mul(2).max(FEW);
        }
        let entry = || Entry { not_before: watch::Sender::default(), asked: None };
        self.accounts.entry(account.clone()).or_insert_with(entry)
    }
}

impl Entry {
    fn is_needed(&self) -> bool {
        self.not_before.borrow().is_some()
            || self.not_before.receiver_count() > 0
            || self.asked.is_some_and(|asked| asked.at.elapsed() < FRESH)
    }
}

/// Asks for revocations by other processes, of accounts that are known here.
async fn listen(revoked: Weak<Revoked>, signals: Arc<dyn Signals>) {
    let mut listener = signals.listen();
    loop {
        let signal = listener.next().await;
        let Some(revoked) = revoked.upgrade() else { return };
        if *signal.name == *CHANGED && revoked.lock().accounts.contains_key(&signal.account) {
            // The next call asks if this fails.
            revoked.lock().entry(&signal.account).asked = None;
            let _ = revoked.ask(&signal.account).await;
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.abort();
        }
    }
}

fn time(value: &SignalValue) -> Option<Timestamp> {
    let seconds = std::str::from_utf8(&value.bytes).ok()?.parse().ok()?;
    Some(Timestamp::from_secs(seconds))
}

fn timed_out() -> StoreError {
    StoreError::remote(ErrorClass::Transient, std::io::Error::from(std::io::ErrorKind::TimedOut))
}

impl fmt::Debug for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoked").field("signals", &self.signals).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
