//! Listing the accounts of a database.

use std::fmt;

use async_trait::async_trait;
use conv_model::AccountId;

use crate::StoreError;

/// Lists the accounts that a database holds, page by page, open or closed.
///
/// A database holds an account from its first write until
/// [`forget`](crate::ConversationDatabase::forget). The listing returns each account that the database
/// holds all the time. It may or may not return an account that is first written, or forgotten,
/// during the listing. Databases on disk and in memory return an account once; on a server it may
/// come twice. On disk, an account whose name among the rows is damaged is left out.
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
pub struct StoredAccounts(Box<dyn AccountPages>);

/// The source of a listing, for [`AccountEngines::accounts`](crate::AccountEngines::accounts).
#[async_trait]
pub trait AccountPages: Send + 'static {
    /// Returns the next accounts, about a thousand at most and in any order; `None` after the last
    /// ones. A page may be empty. Cancel-safe.
    ///
    /// # Errors
    /// Those of reading them. The next call continues where this one failed.
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError>;
}

impl StoredAccounts {
    /// Starts a listing.
    pub fn new(pages: impl AccountPages) -> Self {
        Self(Box::new(pages))
    }

    /// Returns a listing whose every page is an error.
    pub(super) fn failing(error: StoreError) -> Self {
        Self::new(Failing(error))
    }

    /// Returns the next accounts, about a thousand at most and in any order; `None` after the last
    /// ones. A page may be empty. Cancel-safe.
    ///
    /// # Errors
    /// [`StoreError::Closed`], or the error of reading the database. The next call continues where
    /// this one failed.
    pub async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        self.0.next_page().await
    }
}

struct Failing(StoreError);

#[async_trait]
impl AccountPages for Failing {
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        Err(self.0.clone())
    }
}

impl fmt::Debug for StoredAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAccounts").finish_non_exhaustive()
    }
}
