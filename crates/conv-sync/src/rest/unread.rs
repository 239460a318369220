//! Unread counts.

use conv_model::{AccountId, ConversationId, ConversationPatch, Unread};

use super::{
    RestSource, batch,
    membership::{Memberships, Standing},
    wire::unread,
};
use crate::{Hydrated, SourceError};

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
            let memberships = self.memberships(account, &groups).await?;
            for id in groups {
                match of_group(&memberships, &id) {
                    Ok(unread) => {
                        let mut patch = ConversationPatch::new(id);
                        patch.unread = unread;
                        hydrated.found.push(patch);
                    }
                    Err(error) => hydrated.failed.push((id, error)),
                }
            }
        }
        Ok(hydrated)
    }
}

/// Returns the unread state of a group. An account that is not in it has nothing unread there.
fn of_group(memberships: &Memberships, id: &ConversationId) -> Result<Unread, SourceError> {
    match memberships.standing(id)? {
        Standing::Member(member) => member.unread.clone().ok_or_else(|| SourceError::Protocol {
            what: "a group without UnreadMsgNum".to_owned(),
        }),
        Standing::Stranger => {
            let mut unread = Unread::default();
            unread.count = Some(0);
            Ok(unread)
        }
    }
}
