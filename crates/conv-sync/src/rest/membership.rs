//! The groups that an account is in, which decide the part of an admin's answers that it may see.

use std::collections::HashMap;

use conv_model::{AccountId, ConversationId, Peer};

use super::{
    RestSource,
    wire::joined_groups::{Joined, Member, Request, Which},
};
use crate::SourceError;

/// A cap on the listed groups, above the number that any account may be in.
const MAX_GROUPS: u64 = 20_000;

/// An account's lists of groups, reduced to the groups in question.
#[derive(Debug)]
pub(super) struct Memberships {
    /// By groupID; for a topic, by its community's.
    groups: HashMap<String, Option<Member>>,
    /// Set if the lists are complete: the account is in no group that is missing from them.
    is_whole: bool,
}

/// An account's relation to a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing<'a> {
    Member(&'a Member),
    /// Not a member, or no longer.
    Stranger,
}

impl Memberships {
    /// Returns the account's relation to a conversation's group.
    ///
    /// # Errors
    /// If the lists lack the group and are incomplete, so the relation is unknown.
    pub(super) fn standing(&self, id: &ConversationId) -> Result<Standing<'_>, SourceError> {
        match group_of(id).and_then(|group| self.groups.get(group)) {
            Some(Some(member)) => Ok(Standing::Member(member)),
            _ if self.is_whole => Ok(Standing::Stranger),
            _ => {
                let what = "an incomplete list of groups".to_owned();
                Err(SourceError::Protocol { what })
            }
        }
    }

    fn learn(&mut self, page: Joined) {
        self.is_whole &= page.groups.len() as u64 == page.count;
        for (group, member) in page.groups {
            if let Some(known) = self.groups.get_mut(&group) {
                *known = Some(member);
            }
        }
    }

    fn has_all(&self) -> bool {
        self.groups.values().all(Option::is_some)
    }
}

impl RestSource {
    /// Reads an account's relation to the groups of some conversations.
    pub(super) async fn memberships(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
    ) -> Result<Memberships, SourceError> {
        let groups: HashMap<_, _> =
            ids.iter().filter_map(group_of).map(|group| (group.to_owned(), None)).collect();
        let mut memberships = Memberships { groups, is_whole: true };
        self.read_groups(account, Which::WithoutTopics, &mut memberships).await?;
        if ids.iter().any(may_have_topics) && !memberships.has_all() {
            self.read_groups(account, Which::WithTopics, &mut memberships).await?;
        }
        Ok(memberships)
    }

    /// Reads one of the two lists of an account's groups, until all groups in question are known.
    async fn read_groups(
        &self,
        account: &AccountId,
        which: Which,
        memberships: &mut Memberships,
    ) -> Result<(), SourceError> {
        let (mut offset, mut total) = (0, None);
        while !memberships.has_all() {
            let (page, _) = self.caller.call(&Request::new(account, which, offset)).await?;
            let (count, all) = (page.count, page.total);
            memberships.learn(page);
            offset += count;
            // If the list changed between pages, a group may have slipped past their boundary.
            let is_same = all.is_some() && (total.is_none() || total == all);
            total = all;
            let is_end = count == 0 || total.is_none_or(|total| offset >= total);
            memberships.is_whole &= is_same && (!is_end || total == Some(offset));
            if is_end {
                break;
            }
            if offset >= MAX_GROUPS {
                memberships.is_whole = false;
                break;
            }
        }
        Ok(())
    }
}

/// Returns the group whose members see a conversation: for a topic, its community.
fn group_of(id: &ConversationId) -> Option<&str> {
    match id.peer() {
        Peer::Group(group) => Some(group.community().unwrap_or(group.as_str())),
        _ => None,
    }
}

fn may_have_topics(id: &ConversationId) -> bool {
    id.group_id().is_some_and(|group| group.community().is_some())
}
