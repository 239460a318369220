//! Leases of passes, where processes share a database.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};

use crate::StoreError;

/// Leases that let one process at a time pull an account, where several share a database, so the
/// cloud is asked once.
///
/// A lease saves calls; the list is correct without it. A process that was paused may rely on a lease
/// that ended long ago. The number of its pass is the fence: its writes after another pass began are
/// refused as [superseded](StoreError::Superseded).
///
/// # Contract
/// * A lease has one holder at a time, as far as the server's clock is right. It ends when it is given
///   back, or some time after its holder's last renewal.
/// * Cancel-safe: a dropped call leaves a lease free, or ending by itself.
#[async_trait]
pub trait PassLeases: Debug + Send + Sync + 'static {
    /// Takes the lease of an account, or returns its holder.
    ///
    /// # Errors
    /// The server's.
    async fn take(&self, account: &AccountId) -> Result<LeaseGrant, StoreError>;

    /// Waits until a holder no longer has the lease. Returns the number that it
    /// [gave back](PassLease::give_back): a store that has that write shows everything the pass did.
    /// `None` if the pass did not finish, or if that is unknown, as when its holder died, a later pass
    /// finished since, or a minute passed: then make a pass.
    ///
    /// # Errors
    /// The server's.
    async fn ended(&self, account: &AccountId, holder: &Holder) -> Result<Option<Seq>, StoreError>;
}

/// The answer to a request for a lease.
#[derive(Debug)]
pub enum LeaseGrant {
    /// The lease is ours.
    Ours(Box<dyn PassLease>),
    /// Another process has the lease.
    Theirs(Holder),
}

/// A lease that is held. It is kept alive until it is given back or dropped.
#[async_trait]
pub trait PassLease: Debug + Send + Sync + 'static {
    /// Gives it back. Those who wait receive the number of the last stored write of the pass, the
    /// greatest [`Commit::written`](conv_model::Commit::written) of its changes; `None` if the pass
    /// did not finish. If the server cannot be reached, the lease ends by itself, which is no error.
    async fn give_back(self: Box<Self>, written: Option<Seq>);
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
