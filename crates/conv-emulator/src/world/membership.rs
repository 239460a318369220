//! The methods that add accounts to chat groups and remove them.

use std::sync::Arc;

use super::{Account, Group, World, account::Membership, unknown};
use crate::Error;

impl World {
    /// Adds an account to a chat group since this second, again or for the first time. The group is
    /// among its joined groups, with this time, whether or not its list has the conversation.
    ///
    /// Without this call and [`World::leave`], an account is in the groups of its list, since the
    /// creation of each.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownGroup`].
    pub fn join(&self, account: &str, group: &str, since: u64) -> Result<(), Error> {
        self.change_member(account, group, Membership::Joined(since))
    }

    /// Removes an account from a chat group, whether it left or was removed: the group is not among
    /// its joined groups any more. The conversation stays in its list until it is removed, and new
    /// messages ([`World::say_to_group`]) do not move it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownGroup`].
    pub fn leave(&self, account: &str, group: &str) -> Result<(), Error> {
        self.change_member(account, group, Membership::Left)
    }

    fn change_member(&self, account: &str, group: &str, to: Membership) -> Result<(), Error> {
        let mut state = self.lock();
        let (account, directory) =
            state.account_and_directory(account).ok_or_else(|| unknown(account))?;
        let held = directory.groups.get_mut(group);
        let held = held.ok_or_else(|| Error::UnknownGroup(group.to_owned()))?;
        let was_in = account.member_since(group, held).is_some();
        account.memberships.insert(Arc::from(group), to);
        count(account, group, held, was_in);
        Ok(())
    }
}

/// Adjusts the number of members if the account joined or left.
fn count(account: &Account, id: &str, group: &mut Group, was_in: bool) {
    let is_in = account.member_since(id, group).is_some();
    group.members = match (was_in, is_in) {
        (false, true) => group.members.saturating_add(1),
        (true, false) => group.members.saturating_sub(1),
        _ => group.members,
    };
}
