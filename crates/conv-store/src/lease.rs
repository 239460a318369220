//! Who pulls, where processes share a database.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};

use crate::StoreError;

/// Who pulls which account, where several processes share a database: one at a time, so that the
/// cloud is asked once.
///
/// A lease saves calls; it is not what keeps the list right. A process that was paused may believe
/// in a lease that ended long ago: the number of its pass is the fence, and what it writes after
/// another pass began is refused as [superseded](StoreError::Superseded).
///
/// # Contract
/// * At one moment a lease has one holder, as far as the server's clock is right. It ends when it
///   is given back, or some time after its holder was last heard of.
/// * Cancel-safe: a dropped call leaves a lease free, or ending by itself.
#[async_trait]
pub trait PassLeases: Debug + Send + Sync + 'static {
    /// Takes the lease of an account, or tells who has it.
    ///
    /// # Errors
    /// Why the server cannot tell.
    async fn take(&self, account: &AccountId) -> Result<Turn, StoreError>;

    /// Waits until a holder has the lease no more. Returns the number that it
    /// [gave back](PassLease::give_back): a store that has that write shows all that the pass did.
    /// `None` if the pass did not finish, or if it is not known whether it did, as when its holder
    /// died, a later pass finished since, or a minute went by: then make a pass.
    ///
    /// # Errors
    /// Why the server cannot tell.
    async fn ended(&self, account: &AccountId, holder: &Holder) -> Result<Option<Seq>, StoreError>;
}

/// Whose turn it is.
#[derive(Debug)]
pub enum Turn {
    /// Ours.
    Ours(Box<dyn PassLease>),
    /// That of another process.
    Theirs(Holder),
}

/// A lease that is held. It is kept alive until it is given back or dropped.
#[async_trait]
pub trait PassLease: Debug + Send + Sync + 'static {
    /// Gives it back. Tells those who wait the number of the last stored write of the pass, the
    /// greatest [`Commit::written`](conv_model::Commit::written) of its changes; `None` if the pass
    /// did not finish. If the server cannot be told, the lease ends by itself, and that is no error.
    async fn give_back(self: Box<Self>, written: Option<Seq>);
}

/// Who has a lease, told apart from all others that ever had it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder(Arc<str>);

impl Holder {
    /// From the text that stands for it.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
