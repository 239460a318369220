//! Unread counts.

use std::collections::HashMap;

use conv_model::{AccountId, ConversationId, ConversationPatch, Unread};

use super::{
    RestSource, batch,
    wire::{joined_groups, unread},
};
use crate::{Hydrated, SourceError};

/// More pages than any account's groups have.
const MAX_PAGES: usize = 20;

impl RestSource {
    pub(super) async fn hydrate_unread(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
    ) -> Result<Hydrated, SourceError> {
        let mut hydrated = Hydrated::default();
        let (users, groups) = batch::by_kind(ids, &mut hydrated);
        for part in users.chunks(unread::MAX_PEERS) {
            let peers: Vec<_> = part.iter().map(batch::peer).collect();
            let command = unread::Request::new(account, &peers);
            let (counts, _) = self.caller.call(&command).await?;
            batch::sort(&mut hydrated, part, &counts, |id, count| {
                let mut patch = ConversationPatch::new(id);
                patch.unread.count = Some(*count);
                patch
            });
        }
        if !groups.is_empty() {
            let joined = self.joined_groups(account, &groups).await?;
            batch::sort(&mut hydrated, &groups, &joined, |id, unread: &Unread| {
                let mut patch = ConversationPatch::new(id);
                patch.unread = unread.clone();
                patch
            });
        }
        Ok(hydrated)
    }

    /// The account's state in each of some groups. A group that it is not in is not found.
    async fn joined_groups(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
    ) -> Result<HashMap<String, Result<Unread, SourceError>>, SourceError> {
        let missing = || Err(SourceError::NotFound);
        let asked = ids.iter().map(|id| (batch::peer(id).to_owned(), missing()));
        let mut answers: HashMap<_, _> = asked.collect();
        let mut offset = 0;
        for _ in 0..MAX_PAGES {
            let command = joined_groups::Request::new(account, offset);
            let (page, _) = self.caller.call(&command).await?;
            for (group, unread) in page.groups {
                if let Some(answer) = answers.get_mut(&group) {
                    *answer = unread;
                }
            }
            match page.next {
                Some(next) if answers.values().any(Result::is_err) => offset = next,
                _ => return Ok(answers),
            }
        }
        Ok(answers)
    }
}
