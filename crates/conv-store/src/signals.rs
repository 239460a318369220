//! Messages and short-lived values, between the processes that share a database.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::AccountId;

use crate::StoreError;

/// Messages and values about accounts, beside the lists, between the processes that share a database.
/// A message may be missed; a value lasts for a while.
///
/// ```
/// use std::time::Duration;
///
/// use conv_store::{MemorySignals, Signal, Signals};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signals = MemorySignals::new();
/// let account = "user_0001".parse()?;
/// let mut listener = signals.listen();
///
/// // First the value, which processes find that miss the message.
/// signals.put(&account, "not-before", b"1700000000", Duration::from_secs(3_600)).await?;
/// signals.send(&account, "revoked").await?;
///
/// assert_eq!(listener.next().await, Signal::new(account.clone(), "revoked"));
/// let value = signals.get(&account, "not-before").await?.ok_or("it expired")?;
/// assert_eq!(&*value.bytes, b"1700000000");
/// # Ok(())
/// # }
/// ```
///
/// # Contract
/// * A message reaches every listener that there is in any of the processes, the sender's own too, or
///   it does not: a missed message is not an error, and silence says nothing. Those that one task
///   sends and that arrive do so in their order.
/// * A value belongs to one account and one key. Every [`get`](Signals::get) that begins after a
///   [`put`](Signals::put) ended, in any process, returns its value, or a later one, or `None` once its
///   time is over, or if a server that failed over lost it.
/// * [Forgetting](crate::ConversationDatabase::forget) an account leaves its values: what was revoked
///   stays revoked.
/// * Names and keys are short texts of any characters.
/// * Cancel-safe: a dropped call is made or not made, as a whole.
#[async_trait]
pub trait Signals: Debug + Send + Sync + 'static {
    /// Sends a message about an account to all listeners.
    ///
    /// # Errors
    /// The server's. It may have been sent all the same.
    async fn send(&self, account: &AccountId, name: &str) -> Result<(), StoreError>;

    /// Returns a listener of the messages about all accounts, from about now on.
    fn listen(&self) -> Box<dyn SignalListener>;

    /// Keeps a value of an account under a key for some time, in place of the one before.
    ///
    /// # Errors
    /// The server's. It may be kept all the same.
    async fn put(
        &self,
        account: &AccountId,
        key: &str,
        value: &[u8],
        lives: Duration,
    ) -> Result<(), StoreError>;

    /// Returns the value of an account under a key, if there is one.
    ///
    /// # Errors
    /// The server's.
    async fn get(&self, account: &AccountId, key: &str) -> Result<Option<SignalValue>, StoreError>;
}

/// A listener of messages. See [`Signals::listen`].
#[async_trait]
pub trait SignalListener: Debug + Send + 'static {
    /// Waits for the next message. It waits as long as none comes, also while the server is gone. A
    /// listener that is not polled for long misses the oldest ones. Cancel-safe.
    async fn next(&mut self) -> Signal;
}

/// A message about an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Signal {
    /// The account that it is about.
    pub account: AccountId,
    /// The text of the message.
    pub name: Arc<str>,
}

impl Signal {
    /// Returns a message.
    pub fn new(account: AccountId, name: impl Into<Arc<str>>) -> Self {
        Self { account, name: name.into() }
    }
}

/// A value that was put. See [`Signals::put`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SignalValue {
    /// The value.
    pub bytes: Arc<[u8]>,
    /// The time since it was put, by the clock of the one server that keeps it: the clocks of the
    /// processes may differ.
    pub age: Duration,
}

impl SignalValue {
    /// Returns a value that was put some time ago.
    pub fn new(bytes: impl Into<Arc<[u8]>>, age: Duration) -> Self {
        Self { bytes: bytes.into(), age }
    }
}
