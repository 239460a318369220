//! Leases: to pull an account, and to send its changes.

mod timer;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};
use conv_store::{Holder, Lease, LeaseGrant, LeaseWork, Leases, StoreError};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep, sleep_until},
};

use self::timer::{LeaseTimer, Step};
use crate::{
    RedisError,
    keys::{Keys, LeaseKeys},
    script::{LAST, LOOK, RELEASE, RENEW, TAKE},
    server::{Link, Server},
};

/// The time that the outcome of a finished pass is kept for waiting processes.
const OUTCOME: Duration = Duration::from_secs(60);

/// The leases of one kind, of the accounts of a database.
#[derive(Clone, Debug)]
pub(crate) struct RedisLeases {
    server: Arc<Server>,
    /// Picks the keys of the kind.
    of: fn(&Keys) -> &LeaseKeys,
}

/// The lease of one account, of one kind.
#[derive(Clone)]
struct Tenure {
    keys: Arc<Keys>,
    of: fn(&Keys) -> &LeaseKeys,
    link: Link,
    holder: Holder,
    lasts: Duration,
}

/// A lease that is renewed until it is given back or dropped.
struct Held {
    tenure: Tenure,
    renewing: AbortHandle,
    /// Closed once it is not renewed any more.
    held: watch::Receiver<()>,
}

impl RedisLeases {
    pub(crate) fn to_pull(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), of: |keys| &keys.pull }
    }

    pub(crate) fn to_send(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), of: |keys| &keys.send }
    }

    fn keys(&self, account: &AccountId) -> Keys {
        Keys::new(&self.server.options.prefix, account)
    }
}

#[async_trait]
impl Leases for RedisLeases {
    async fn take(&self, account: &AccountId) -> Result<LeaseGrant, StoreError> {
        let keys = Arc::new(self.keys(account));
        let holder = Holder::new(format!("{:032x}", fastrand::u128(..)));
        let lasts = self.server.options.lease;
        let link = self.server.link(&keys.rows);
        let tenure = Tenure { keys, of: self.of, link, holder, lasts };
        let asked = Instant::now();
        Ok(match tenure.take().await? {
            Some(other) => LeaseGrant::Theirs(other),
            None => LeaseGrant::Ours(Box::new(Held::new(tenure, asked))),
        })
    }

    async fn ended(&self, account: &AccountId, holder: &Holder) -> Result<Option<Seq>, StoreError> {
        let keys = self.keys(account);
        let link = self.server.link(&keys.rows);
        let listener = self.server.listen(&keys.channel);
        let LeaseKeys { holder: lease, outcome } = (self.of)(&keys);
        let both: [&str; 2] = [lease, outcome];
        let lasts = millis(self.server.options.lease);
        loop {
            let heard = listener.heard().count;
            let (now, outcome): (Option<String>, Option<String>) =
                LOOK.run(&link, &both, &[lasts.as_bytes()]).await?;
            if now.as_deref() != Some(holder.as_str()) {
                return Ok(outcome.and_then(|outcome| written_by(holder, &outcome)));
            }
            // The server publishes nothing when a lease expires.
            tokio::select! {
                () = listener.changed(heard) => {}
                () = sleep(self.server.options.lease / 3) => {}
            }
        }
    }

    async fn last(&self, account: &AccountId) -> Result<Option<LeaseWork>, StoreError> {
        let keys = self.keys(account);
        let outcome = &(self.of)(&keys).outcome;
        let (outcome, now): (Option<String>, u64) =
            LAST.run(&self.server.link(&keys.rows), &[outcome], &[]).await?;
        Ok(outcome.and_then(|outcome| work(&outcome, now)))
    }
}

impl Tenure {
    fn lease(&self) -> &LeaseKeys {
        (self.of)(&self.keys)
    }

    /// Takes it. Returns the holder if another process has it.
    async fn take(&self) -> Result<Option<Holder>, RedisError> {
        let lasts = millis(self.lasts);
        let arguments = [self.holder.as_str().as_bytes(), lasts.as_bytes()];
        let other: Option<String> =
            TAKE.run(&self.link, &[&self.lease().holder], &arguments).await?;
        // A call that was sent again because its answer was lost finds its own lease.
        Ok(other.map(Holder::new).filter(|other| *other != self.holder))
    }

    /// Renews it. Returns false if it was no longer held.
    async fn renew(&self) -> Result<bool, RedisError> {
        let lasts = millis(self.lasts);
        let arguments = [self.holder.as_str().as_bytes(), lasts.as_bytes()];
        RENEW.run(&self.link, &[&self.lease().holder], &arguments).await
    }

    async fn release(&self, written: Option<Seq>) -> Result<(), RedisError> {
        let outcome = written.map_or_else(String::new, |written| outcome(&self.holder, written));
        let LeaseKeys { holder: lease, outcome: last } = self.lease();
        let keys: [&str; 3] = [lease, last, &self.keys.rows];
        let (holder, kept) = (self.holder.as_str(), millis(OUTCOME));
        let words = [holder, &outcome, &kept, self.link.publish(), &self.keys.channel];
        RELEASE.run(&self.link, &keys, &words.map(str::as_bytes)).await
    }

    /// Renews it as long as it is held, and says when it is not any more.
    async fn keep(self, since: Instant, _held: watch::Sender<()>) {
        let mut timer = LeaseTimer::new(since, self.lasts);
        loop {
            match timer.step(Instant::now()) {
                Step::Wait(until) => sleep_until(until).await,
                Step::Over => return,
                Step::Renew => {
                    let asked = Instant::now();
                    match self.renew().await {
                        Ok(true) => timer.renewed(asked),
                        Ok(false) => return,
                        Err(_) => timer.failed(Instant::now()),
                    }
                }
            }
        }
    }
}

impl Held {
    fn new(tenure: Tenure, since: Instant) -> Self {
        let (renewed, held) = watch::channel(());
        let renewing = tokio::spawn(tenure.clone().keep(since, renewed)).abort_handle();
        Self { tenure, renewing, held }
    }
}

#[async_trait]
impl Lease for Held {
    async fn give_back(self: Box<Self>, written: Option<Seq>) {
        self.renewing.abort();
        if let Err(error) = self.tenure.release(written).await {
            tracing::debug!(class = error.class().as_str(), "lease ends by itself");
        }
    }

    async fn lost(&self) {
        let mut held = self.held.clone();
        while held.changed().await.is_ok() {}
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("holder", &self.tenure.holder).finish_non_exhaustive()
    }
}

/// Returns the outcome of a pass as text: its holder, and its last stored write. The server adds when the
/// lease was taken.
fn outcome(holder: &Holder, written: Seq) -> String {
    format!("{} {}", holder.as_str(), written.as_u64())
}

/// Returns the last write of a holder's pass from an outcome of that holder. Earlier versions wrote
/// the holder alone, without the write that finished the pass.
fn written_by(holder: &Holder, outcome: &str) -> Option<Seq> {
    let mut words = outcome.split(' ');
    let (of, written) = (words.next()?, words.next()?.parse().ok()?);
    (of == holder.as_str()).then(|| Seq::new(written))
}

/// Returns the work of an outcome; `None` if it does not say when the lease was taken, or if the
/// server's clock, in microseconds, was set back since.
fn work(outcome: &str, now: u64) -> Option<LeaseWork> {
    let mut words = outcome.split(' ').skip(1);
    let (written, taken): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let age = Duration::from_micros(now.checked_sub(taken)?);
    Some(LeaseWork::new(Seq::new(written), age))
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_whose_it_is_which_write_it_reached_and_how_long_ago_it_began() {
        let (a, b) = (Holder::new("a"), Holder::new("b"));
        assert_eq!(written_by(&a, "a 7 1000"), Some(Seq::new(7)));
        assert_eq!(written_by(&b, "a 7 1000"), None);
        let of = |age| Some(LeaseWork::new(Seq::new(7), Duration::from_micros(age)));
        assert_eq!(work("a 7 1000", 1_500), of(500));
        assert_eq!(work("a 7 1000", 999), None, "the clock was set back");
        assert_eq!(
            work("a 7", 1_500),
            None,
            "its lease was lost, or its version is an earlier one"
        );
        assert_eq!(work("a", 1_500), None);
    }
}
