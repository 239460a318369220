//! Which accounts a database holds.

use std::fmt;

use async_trait::async_trait;
use conv_model::AccountId;

use crate::StoreError;

/// Lists the accounts that a database holds, page by page, open or closed.
///
/// A database holds an account from its first write until
/// [`forget`](crate::ConversationDatabase::forget). The listing returns each account that the database
/// holds all the time once. It may or may not return an account that is first written, or forgotten,
/// during the listing. It leaves out an account whose name among the rows is damaged.
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

/// The source of the pages.
#[async_trait]
pub(crate) trait Pages: Send {
    /// Returns the next page; `None` after the last. Cancel-safe; after an error it continues where it
    /// was.
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
    /// [`StoreError::Closed`], or the error of reading the database. Another call continues where
    /// this one failed.
    pub async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        self.0.next().await
    }
}

impl fmt::Debug for StoredAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAccounts").finish_non_exhaustive()
    }
}
