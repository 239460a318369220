//! Messages and values between processes.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{Signal, SignalListener, SignalValue, Signals, StoreError};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    keys::{Keys, parse_tag, safe},
    script::VALUE,
    server::{Listener, Server},
};

/// The longest time that a value is kept: a server refuses times that it cannot add to today's.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The signals of a database.
#[derive(Clone, Debug)]
pub(crate) struct RedisSignals(Arc<Server>);

/// A listener of the channel of all accounts.
struct Messages {
    texts: broadcast::Receiver<Arc<str>>,
    /// Keeps the channel subscribed.
    _listener: Listener,
}

impl RedisSignals {
    pub(crate) fn new(server: &Arc<Server>) -> Self {
        Self(Arc::clone(server))
    }
}

#[async_trait]
impl Signals for RedisSignals {
    async fn send(&self, account: &AccountId, name: &str) -> Result<(), StoreError> {
        let channel = self.0.signals();
        let link = self.0.link(channel);
        let mut command = redis::cmd(link.publish());
        command.arg(channel).arg(text(account, name));
        link.call::<u64>(&command).await?;
        Ok(())
    }

    fn listen(&self) -> Box<dyn SignalListener> {
        // In this order: nothing that the channel says is missed.
        let texts = self.0.signal_texts();
        Box::new(Messages { texts, _listener: self.0.listen(self.0.signals()) })
    }

    async fn put(
        &self,
        account: &AccountId,
        key: &str,
        value: &[u8],
        lives: Duration,
    ) -> Result<(), StoreError> {
        let key = Keys::value(&self.0.options.prefix, account, key);
        // The age is the part of its time that is over, and the server forgets the whole.
        let lives = lives.clamp(Duration::from_millis(1), LONGEST).as_millis().to_string();
        let mut stored = format!("{lives} ").into_bytes();
        stored.extend_from_slice(value);
        let mut command = redis::cmd("SET");
        command.arg(&key).arg(stored).arg("PX").arg(&lives);
        self.0.link(&key).call::<()>(&command).await?;
        Ok(())
    }

    async fn get(&self, account: &AccountId, key: &str) -> Result<Option<SignalValue>, StoreError> {
        let key = Keys::value(&self.0.options.prefix, account, key);
        let (stored, left): (Option<Vec<u8>>, i64) =
            VALUE.run(&self.0.link(&key), &[&key], &[]).await?;
        let Some(stored) = stored else { return Ok(None) };
        let corrupt = || StoreError::Corrupt { what: "a value of an account".into() };
        value(&stored, left).map(Some).ok_or_else(corrupt)
    }
}

/// Returns a value from the stored bytes and the milliseconds that it has left.
fn value(stored: &[u8], left: i64) -> Option<SignalValue> {
    let end = stored.iter().position(|byte| *byte == b' ')?;
    let (lives, bytes) = stored.split_at_checked(end)?;
    let lives: u64 = std::str::from_utf8(lives).ok()?.parse().ok()?;
    // More is left than it lives if the server's clock went back.
    let age = lives.saturating_sub(u64::try_from(left).unwrap_or_default());
    Some(SignalValue::new(bytes.get(1..)?, Duration::from_millis(age)))
}

/// Returns a message as text: the account as in its keys, and the name.
fn text(account: &AccountId, name: &str) -> String {
    format!("{} {name}", safe(account.as_str()))
}

fn parse(text: &str) -> Option<Signal> {
    let (tag, name) = text.split_once(' ')?;
    Some(Signal::new(parse_tag(tag)?, name))
}

#[async_trait]
impl SignalListener for Messages {
    async fn next(&mut self) -> Signal {
        loop {
            match self.texts.recv().await {
                // Others may send what they like to the channel.
                Ok(text) => {
                    if let Some(signal) = parse(&text) {
                        return signal;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_value_is_read_whatever_the_servers_clock_did() {
        let read = |stored: &str, left| value(stored.as_bytes(), left);
        let of = |bytes: &str, age| SignalValue::new(bytes.as_bytes(), Duration::from_millis(age));
        assert_eq!(read("1000 a b", 400), Some(of("a b", 600)));
        assert_eq!(read("1000 ", 1_400), Some(of("", 0)));
        assert_eq!(read("1000 a", -1), Some(of("a", 1_000)));
        assert_eq!(read("a", 1), None);
        assert_eq!(read("x a", 1), None);
    }

    #[test]
    fn a_message_is_of_any_account_and_any_name() {
        for (account, name) in [("a b", "c d"), ("{a}", ""), ("ä:%", " ")] {
            let account: AccountId = account.parse().unwrap();
            assert_eq!(parse(&text(&account, name)), Some(Signal::new(account.clone(), name)));
        }
        assert_eq!(parse("a"), None);
        assert_eq!(parse("%ZZ a"), None);
    }
}
