//! The end of a list: stopping its passes, closing its store.

use conv_store::StoreError;

use super::Conversations;
use crate::{Error, conversations::StoreOwner};

impl Conversations {
    /// Stops the pass under way, writes pending changes, and closes the store, or the database if
    /// the builder was given it for this handle alone. Its folder can be opened again at once. Of
    /// many [`Accounts`](crate::Accounts) it closes this one alone, also when they are gone
    /// already.
    ///
    /// Changes that were not sent stay: the next opening sends them.
    ///
    /// Afterwards every clone still reads: [`get_conversation_list`](Self::get_conversation_list),
    /// [`page`](Self::page), [`totals`](Self::totals), [`snapshot`](Self::snapshot) and
    /// [`sync_report`](Self::sync_report) answer from the last list. Streams end. Every other call
    /// fails with [`StoreError::Closed`], and none asks the cloud.
    ///
    /// # Errors
    /// [`Error::Store`] if pending changes could not be stored, or if it was closed before.
    pub async fn close(&self) -> Result<(), Error> {
        match &self.inner.owner {
            StoreOwner::Own(database) => {
                self.stop().await;
                database.close().await?;
                Ok(())
            }
            StoreOwner::Handle | StoreOwner::Shared(_) => self.close_alone().await,
            StoreOwner::Accounts { accounts, .. } => match accounts.upgrade() {
                Some(accounts) => accounts.close_one(self).await,
                None => self.close_alone().await,
            },
        }
    }

    /// Stops the passes and the sending, and closes the store.
    pub(crate) async fn close_alone(&self) -> Result<(), Error> {
        self.stop().await;
        self.inner.store.close().await?;
        Ok(())
    }

    /// Stops the pass under way, and lets no other begin.
    pub(crate) fn refuse(&self) {
        self.inner.outgoing.refuse();
        self.inner.passes.refuse();
    }

    /// Stops the pass under way, and lets no other begin.
    pub(crate) async fn stop(&self) {
        self.inner.outgoing.stop().await;
        self.inner.passes.stop().await;
    }

    /// # Errors
    /// [`StoreError::Closed`] once closed.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.inner.passes.is_stopped() { Err(StoreError::Closed.into()) } else { Ok(()) }
    }
}
