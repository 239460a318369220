//! Which accounts a database holds.

use std::fmt;

use async_trait::async_trait;
use conv_model::AccountId;

use crate::StoreError;

/// The accounts that a database holds, page by page, whether anybody has them open or not.
///
/// An account is held from its first write until it is
/// [forgotten](crate::ConversationDatabase::forget). Every account that is held all the while comes
/// once; one that is written for the first time meanwhile, or forgotten, may come or not. An account
/// whose name in the rows is damaged is left out until something is written to it.
///
/// ```
/// use conv_model::{ConversationId, Local};
/// use conv_store::{ConversationDatabase, MemoryDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = MemoryDatabase::new();
/// let store = database.account(&"user_0001".parse()?).await?;
/// store.put_local(ConversationId::c2c("alice")?, Local::draft("Dear Alice")).await?;
///
/// let mut accounts = database.accounts();
/// let mut found = Vec::new();
/// while let Some(page) = accounts.next_page().await? {
///     found.extend(page);
/// }
/// assert_eq!(found, ["user_0001".parse()?]);
/// # Ok(())
/// # }
/// ```
pub struct StoredAccounts(Box<dyn Pages>);

/// What gives the pages.
#[async_trait]
pub(crate) trait Pages: Send {
    /// The next ones; `None` after the last. Cancel-safe; after an error it goes on where it was.
    async fn next(&mut self) -> Result<Option<Vec<AccountId>>, StoreError>;
}

impl StoredAccounts {
    pub(crate) fn new(pages: impl Pages + 'static) -> Self {
        Self(Box::new(pages))
    }

    /// Returns the next accounts, at most a thousand and in no order; `None` after the last ones. A
    /// page may be empty. Cancel-safe.
    ///
    /// # Errors
    /// [`StoreError::Closed`]; or why the database cannot be read. Asking again goes on where it
    /// failed.
    pub async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        self.0.next().await
    }
}

impl fmt::Debug for StoredAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAccounts").finish_non_exhaustive()
    }
}
