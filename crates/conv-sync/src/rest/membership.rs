//! Which groups an account is in: the ground on which it may see what an administrator can.

use std::collections::HashMap;

use conv_model::{AccountId, ConversationId, Peer};

use super::{
    RestSource,
    wire::joined_groups::{Joined, Member, Request, Which},
};
use crate::SourceError;

/// More groups than any account may be in.
const MAX_GROUPS: u64 = 20_000;

/// An account's lists of groups, as far as they say something of those that were asked about.
#[derive(Debug)]
pub(super) struct Memberships {
    /// By groupID; of a topic by its community's.
    groups: HashMap<String, Option<Member>>,
    /// The lists are complete: the account is not in a group that they do not hold.
    is_whole: bool,
}

/// An account's relation to a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing<'a> {
    Member(&'a Member),
    /// Not a member, or no more.
    Stranger,
}

impl Memberships {
    /// Returns the account's relation to a conversation's group.
    ///
    /// # Errors
    /// If the lists do not hold it and are not whole: nothing follows from that.
    pub(super) fn standing(&self, id: &ConversationId) -> Result<Standing<'_>, SourceError> {
        match group_of(id).and_then(|group| self.groups.get(group)) {
            Some(Some(member)) => Ok(Standing::Member(member)),
            _ if self.is_whole => Ok(Standing::Stranger),
            _ => {
                let what = "a list of groups that is not whole".to_owned();
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

    /// Reads one of the two lists of an account's groups, until all that were asked about are known.
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
            // A list that changes from page to page may have moved a group past their boundary.
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

/// The group whose members see a conversation: a topic's is its community.
fn group_of(id: &ConversationId) -> Option<&str> {
    match id.peer() {
        Peer::Group(group) => Some(group.community().unwrap_or(group.as_str())),
        _ => None,
    }
}

fn may_have_topics(id: &ConversationId) -> bool {
    id.group_id().is_some_and(|group| group.community().is_some())
}
