//! Names of conversation groups.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::AccountId;

use super::{RestSource, wire::contact_group};
use crate::{Groups, SourceError};

/// More pages than any account's groups have.
const MAX_PAGES: usize = 50;

impl RestSource {
    /// All pages of them. Of one that stands on two pages the later name counts.
    pub(super) async fn group_names(&self, account: &AccountId) -> Result<Groups, SourceError> {
        let mut names = BTreeMap::<u64, Arc<str>>::new();
        let mut start = 0;
        for _ in 0..MAX_PAGES {
            let command = contact_group::Request::new(account, start);
            let ((page, next), time) = self.caller.call(&command).await?;
            names.extend(page);
            match next {
                None => {
                    return Ok(Groups::new(
                        names.into_iter().collect(),
                        Some(time).filter(|time| !time.is_zero()),
                    ));
                }
                Some(next) if next == start => return Err(endless("pages that do not go on")),
                Some(next) => start = next,
            }
        }
        Err(endless("pages that do not end"))
    }
}

fn endless(what: &str) -> SourceError {
    SourceError::Protocol { what: what.to_owned() }
}
