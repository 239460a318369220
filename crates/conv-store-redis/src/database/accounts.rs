//! Which accounts are stored.

use std::{fmt, sync::Arc};

use conv_model::AccountId;
use conv_store::StoreError;

use crate::{
    keys,
    server::{Master, Server},
};

/// How many keys a server looks at in a call.
const STEP: usize = 1_000;

/// The accounts that a database holds, page by page, whoever opened them.
/// [`RedisDatabase::accounts`](crate::RedisDatabase::accounts) begins to list them.
///
/// Every account that is there all the while comes, some of them perhaps twice; one that is written
/// for the first time meanwhile, wiped, or moved with its slot to another server may come or not.
/// The servers go on to serve others: each call looks at about a thousand of their keys, also those
/// of other apps.
///
/// ```no_run
/// use conv_store_redis::RedisDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
/// let mut accounts = database.accounts();
/// while let Some(page) = accounts.next_page().await? {
///     for account in page {
///         println!("{account}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct RedisAccounts {
    server: Arc<Server>,
    /// Those still to be asked, the current one last; `None` before the first call.
    masters: Option<Vec<Master>>,
    /// Where the current one goes on.
    cursor: String,
}

impl RedisAccounts {
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), masters: None, cursor: "0".to_owned() }
    }

    /// The next accounts, in no order; `None` after the last ones. A page may be empty.
    ///
    /// # Errors
    /// A [`StoreError`] whose source is a [`RedisError`](crate::RedisError), as that no server
    /// answers. Asking again goes on where it failed.
    pub async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let link = self.server.any_link();
        let masters = match &mut self.masters {
            Some(masters) => masters,
            none => none.insert(link.masters().await?),
        };
        let Some(master) = masters.last() else { return Ok(None) };
        let prefix = &self.server.options.prefix;
        let mut scan = redis::cmd("SCAN");
        scan.arg(&self.cursor).arg("MATCH").arg(keys::pattern(prefix)).arg("COUNT").arg(STEP);
        let (cursor, found): (String, Vec<Vec<u8>>) = link.call_on(master, scan).await?;
        if cursor == "0" {
            masters.pop();
        }
        self.cursor = cursor;
        Ok(Some(found.iter().filter_map(|key| keys::account(prefix, key)).collect()))
    }
}

impl fmt::Debug for RedisAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAccounts").field("masters", &self.masters).finish_non_exhaustive()
    }
}
