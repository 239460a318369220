//! Names of conversation groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use conv_model::{AccountId, Timestamp};

use super::{
    RestSource,
    wire::contact_group::{Names, Request},
};
use crate::{Groups, Retry, SourceError};

/// The maximum number of pages: one for each conversation that an account may mark or put into one
/// of its 20 groups, 1,000 each. A longer listing is endless.
const MAX_PAGES: usize = 21_000;
/// The maximum number of calls per page, and the pause after the first failure.
const MAX_TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// The maximum pause here. The pull takes a longer one, and can do something else meanwhile.
const MAX_PAUSE: Duration = Duration::from_secs(10);

impl RestSource {
    /// Reads all pages of group names. If two pages name a group, the later name counts; the names
    /// are as old as the first page.
    ///
    /// The pages list the marked and grouped conversations as well, so there may be many. A failed
    /// later page is retried here, so that the pages before it are not read again.
    pub(super) async fn group_names(&self, account: &AccountId) -> Result<Groups, SourceError> {
        let mut names = BTreeMap::<u64, Arc<str>>::new();
        let mut starts = BTreeSet::from([0]);
        let ((page, mut next), time) = self.caller.call(&Request::new(account, 0)).await?;
        names.extend(page);
        while let Some(start) = next {
            if !starts.insert(start) {
                return Err(endless("pages that do not go on"));
            }
            if starts.len() > MAX_PAGES {
                return Err(endless("pages that do not end"));
            }
            let ((page, after), _) = self.later_page(&Request::new(account, start)).await?;
            names.extend(page);
            next = after;
        }
        Ok(Groups::new(names.into_iter().collect(), time))
    }

    async fn later_page(
        &self,
        request: &Request<'_>,
    ) -> Result<(Names, Option<Timestamp>), SourceError> {
        let mut pause = PAUSE;
        for _ in 1..MAX_TRIES {
            let error = match self.caller.call(request).await {
                Err(error) if error.retry() != Retry::Never => error,
                result => return result,
            };
            let wait = error.retry_after().unwrap_or_default().max(pause);
            if wait > MAX_PAUSE {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
        self.caller.call(request).await
    }
}

fn endless(what: &str) -> SourceError {
    SourceError::Protocol { what: what.to_owned() }
}
