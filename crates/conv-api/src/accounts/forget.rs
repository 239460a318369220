//! Wiping an account, with or without changes that were not sent.

use std::time::Duration;

use conv_model::AccountId;

use super::{Accounts, registry::Claim};
use crate::{Conversations, Error};

/// The fate of unsent changes when their account is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsent {
    /// The account is not forgotten: [`Error::Unsent`].
    #[default]
    Refuse,
    /// They are dropped, and the cloud never has them.
    Drop,
    /// They are sent before. If some are left after this time, the account is not forgotten.
    SendFirst(Duration),
}

impl Accounts {
    /// Wipes an account: its rows, the state of its sync, drafts and the embedder's own bytes. The
    /// pass under way is stopped, and what waits for its turn does not come. Streams end; handles
    /// that are still held go on to answer with what they knew, and every change through them
    /// fails.
    ///
    /// An account with changes that were not sent is not forgotten; see
    /// [`forget_with`](Self::forget_with).
    ///
    /// # Errors
    /// [`Error::Unsent`] if changes were not sent; [`Error::Store`] if it could not be wiped, or once
    /// closed.
    pub async fn forget(&self, account: &AccountId) -> Result<(), Error> {
        self.forget_with(account, Unsent::Refuse).await
    }

    /// Wipes an account as [`forget`](Self::forget) does, and says what happens to changes that were
    /// not sent. An account whose store cannot be read is forgotten with what it had.
    ///
    /// # Errors
    /// Those of [`forget`](Self::forget).
    pub async fn forget_with(&self, account: &AccountId, unsent: Unsent) -> Result<(), Error> {
        if let Unsent::SendFirst(timeout) = unsent {
            let left = self.open(account).await?.flush(timeout).await?;
            refuse_unsent(left.len())?;
        }
        let registry = &self.shared.registry;
        let claim = registry.claim(account).await?;
        if unsent != Unsent::Drop {
            refuse_unsent(self.unsent(&claim).await?)?;
        }
        claim.cancel();
        if let Some(list) = claim.remove() {
            let list = list.handle();
            list.stop().await;
            let left = list.changes_report().unsent();
            if unsent != Unsent::Drop && left > 0 {
                // A change came in between. Opening the account brings it back.
                list.close_alone().await?;
                return Err(Error::Unsent(left));
            }
        }
        // A mark that the list had is forgotten, too.
        claim.cancel();
        self.shared.names_read.forget(account);
        self.shared.database.forget(account).await?;
        Ok(())
    }

    /// Returns the number of changes that were not sent.
    async fn unsent(&self, claim: &Claim<'_>) -> Result<usize, Error> {
        if let Some(list) = self.shared.registry.get(claim.account)? {
            return Ok(list.changes_report().unsent());
        }
        // A change that cannot be read cannot be sent.
        let Ok(store) = self.store(claim.account).await else { return Ok(0) };
        Ok(Conversations::unsent_of(&store.snapshot()))
    }
}

fn refuse_unsent(left: usize) -> Result<(), Error> {
    if left == 0 { Ok(()) } else { Err(Error::Unsent(left)) }
}
