//! Signals within one process.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conv_model::AccountId;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use crate::{Signal, SignalListener, SignalValue, Signals, StoreError, sync::lock};

/// The number of messages that are kept for a listener that lags.
const KEPT: usize = 1_024;

/// The number of values below which expired ones are left where they are.
const FEW: usize = 64;

/// [`Signals`] within one process. Clones are handles to the same ones.
///
/// For a process that is the only one on its database, as with one on disk.
#[derive(Clone, Debug)]
pub struct MemorySignals {
    messages: broadcast::Sender<Signal>,
    values: Arc<Mutex<Values>>,
}

#[derive(Debug, Default)]
struct Values {
    by_key: HashMap<(AccountId, Box<str>), Value>,
    /// The number of values at which expired ones are dropped next.
    sweep_at: usize,
}

#[derive(Debug)]
struct Value {
    bytes: Arc<[u8]>,
    put: Instant,
    lives: Duration,
}

impl MemorySignals {
    /// Returns signals without listeners and values.
    pub fn new() -> Self {
        Self { messages: broadcast::Sender::new(KEPT), values: Arc::default() }
    }
}

impl Default for MemorySignals {
    fn default() -> Self {
        Self::new()
    }
}

impl Values {
    fn put(&mut self, key: (AccountId, Box<str>), value: Value) {
        self.by_key.insert(key, value);
        // Each value is looked at about once, however many there are.
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, value| value.age().is_some());
            self.sweep_at = self.by_key.len().saturating_mul(2).max(FEW);
        }
    }
}

impl Value {
    /// Returns the time since it was put; `None` once its own is over.
    fn age(&self) -> Option<Duration> {
        Some(self.put.elapsed()).filter(|age| *age < self.lives)
    }
}

#[async_trait]
impl Signals for MemorySignals {
    async fn send(&self, account: &AccountId, name: &str) -> Result<(), StoreError> {
        // Without listeners the message is dropped.
        let _ = self.messages.send(Signal::new(account.clone(), name));
        Ok(())
    }

    fn listen(&self) -> Box<dyn SignalListener> {
        Box::new(Listener(self.messages.subscribe()))
    }

    async fn put(
        &self,
        account: &AccountId,
        key: &str,
        value: &[u8],
        lives: Duration,
    ) -> Result<(), StoreError> {
        let value = Value { bytes: value.into(), put: Instant::now(), lives };
        lock(&self.values).put((account.clone(), key.into()), value);
        Ok(())
    }

    async fn get(&self, account: &AccountId, key: &str) -> Result<Option<SignalValue>, StoreError> {
        let values = lock(&self.values);
        let value = values.by_key.get(&(account.clone(), key.into()));
        Ok(value.and_then(|value| Some(SignalValue::new(Arc::clone(&value.bytes), value.age()?))))
    }
}

#[derive(Debug)]
struct Listener(broadcast::Receiver<Signal>);

#[async_trait]
impl SignalListener for Listener {
    async fn next(&mut self) -> Signal {
        loop {
            match self.0.recv().await {
                Ok(signal) => return signal,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn values_that_expired_take_no_room() {
        let signals = MemorySignals::new();
        let account = "user_0001".parse().unwrap();
        for number in 0..1_000_u32 {
            let key = number.to_string();
            signals.put(&account, &key, b"", Duration::from_secs(1)).await.unwrap();
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert!(lock(&signals.values).by_key.len() <= FEW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_lags_goes_on_with_what_is_kept() {
        let signals = MemorySignals::new();
        let account: AccountId = "user_0001".parse().unwrap();
        let mut listener = signals.listen();
        for number in 0..=KEPT {
            signals.send(&account, &number.to_string()).await.unwrap();
        }
        let heard = timeout(Duration::from_secs(1), listener.next()).await.unwrap();
        assert_eq!(&*heard.name, "1");
    }
}
