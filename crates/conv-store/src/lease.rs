//! Leases, where several processes share a database.

use std::{fmt::Debug, future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};

use crate::StoreError;

/// Leases that let one process at a time work on an account, where several share a database:
/// [one kind](crate::ConversationDatabase::pass_leases) to pull it, so the cloud is asked once, and
/// [one](crate::ConversationDatabase::send_leases) to send its changes, so each is sent once.
///
/// A lease saves calls; the list is correct without it. A process that was paused may rely on a lease
/// that ended long ago. Of passes, the number is the fence: writes after another pass began are
/// refused as [superseded](StoreError::Superseded). Of changes, what became of one applies to its
/// number alone, and a change that is sent twice sets the same value.
///
/// # Contract
/// * A lease has one holder at a time, as far as the server's clock is right. It ends when it is given
///   back, or some time after its holder's last renewal.
/// * Cancel-safe: a dropped call leaves a lease free, or ending by itself.
#[async_trait]
pub trait Leases: Debug + Send + Sync + 'static {
    /// Takes the lease of an account, or returns its holder.
    ///
    /// # Errors
    /// The server's.
    async fn take(&self, account: &AccountId) -> Result<LeaseGrant, StoreError>;

    /// Waits until a holder no longer has the lease. Returns the number that it
    /// [gave back](Lease::give_back): a store that has that write shows everything that was done under
    /// the lease. `None` if the work did not finish, or if that is unknown, as when its holder died,
    /// another lease was given back since, or a minute passed: then do the work.
    ///
    /// # Errors
    /// The server's.
    async fn ended(&self, account: &AccountId, holder: &Holder) -> Result<Option<Seq>, StoreError>;

    /// Returns the work that was finished last, in any process; `None` if none was within the last
    /// minute, or if that is unknown, which is the default. With it, a process that was asked for work
    /// sees whether another one began it since.
    ///
    /// # Errors
    /// The server's.
    async fn last(&self, account: &AccountId) -> Result<Option<LeaseWork>, StoreError> {
        let _ = account;
        Ok(None)
    }
}

/// Work that was finished under a lease. See [`Leases::last`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LeaseWork {
    /// The number that its holder [gave back](Lease::give_back).
    pub written: Seq,
    /// The time since its holder took the lease, by the server's clock, and not less: the clocks of the
    /// processes may differ. The work began later than that.
    pub age: Duration,
}

impl LeaseWork {
    /// Returns work whose lease was taken some time ago.
    pub const fn new(written: Seq, age: Duration) -> Self {
        Self { written, age }
    }
}

/// The answer to a request for a lease.
#[derive(Debug)]
pub enum LeaseGrant {
    /// The lease is ours.
    Ours(Box<dyn Lease>),
    /// Another process has the lease.
    Theirs(Holder),
}

/// A lease that is held. It is kept alive until it is given back or dropped.
#[async_trait]
pub trait Lease: Debug + Send + Sync + 'static {
    /// Gives it back. Those who wait receive the number of the last stored write of the work, the
    /// greatest [`Commit::written`](conv_model::Commit::written) of its changes; `None` if the work
    /// did not finish. If the server cannot be reached, the lease ends by itself, which is not an error.
    async fn give_back(self: Box<Self>, written: Option<Seq>);

    /// Waits until the lease has ended although it was not given back: it could not be renewed in
    /// time. By default it waits for ever, for a lease that ends no sooner than its process.
    /// Cancel-safe.
    async fn lost(&self) {
        pending().await
    }
}

/// The holder of a lease, distinct from all earlier holders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder(Arc<str>);

impl Holder {
    /// Makes a holder of its text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
