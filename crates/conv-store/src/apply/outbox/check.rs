//! The list as a check of mutations has to know it.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{Conversation, ConversationId, GroupTarget, Mutation, ShownList, overlay};

use crate::list::{row::Row, state::State};

impl State {
    /// Returns the names of the conversation groups as the list shows them.
    pub(crate) fn group_names(&self) -> BTreeSet<Arc<str>> {
        self.outbox.shown_groups(self.sync.groups.names.values().chain(self.rows.groups()))
    }

    /// Returns true if the cloud, as far as it was read, has the value of a mutation.
    pub(super) fn is_met(&self, mutation: &Mutation) -> bool {
        let Some(id) = mutation.conversation_id() else { return self.is_group_met(mutation) };
        let Some(row) = self.base_row(id).map(Row::base) else { return false };
        // If the number is not known, some may be unread; so may be the message that an event stated.
        let is_read = || row.unread.count == Some(0) && !self.suggestions.shows(id);
        let is_known = match mutation {
            Mutation::Read { .. } => is_read(),
            // The row is there, also if a newer message shows it again.
            Mutation::Delete { .. } => false,
            _ => true,
        };
        is_known && overlay(row, [mutation]).is_some_and(|after| after == **row)
    }

    fn is_group_met(&self, mutation: &Mutation) -> bool {
        let Mutation::Group { group_name, target } = mutation else { return false };
        let has = |name: &str| self.sync.groups.names.values().any(|known| **known == *name);
        match target {
            GroupTarget::Present => has(group_name.as_str()),
            // If the cloud's names were never read, it may have any.
            GroupTarget::Absent => self.knows_groups() && !has(group_name.as_str()),
            GroupTarget::Named(new) => has(new.as_str()) && !has(group_name.as_str()),
            _ => false,
        }
    }

    fn knows_groups(&self) -> bool {
        let groups = &self.sync.groups;
        groups.read_at.is_some() || !groups.names.is_empty()
    }
}

impl ShownList for State {
    fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        self.rows.get(id).map(|row| row.whole().as_ref())
    }

    /// Pinned rows are the first in the list.
    fn pinned(&self) -> usize {
        self.rows.iter().take_while(|row| row.rank.is_pinned()).count()
    }

    fn marked(&self) -> usize {
        self.rows.marked()
    }

    fn members(&self, group: &str) -> usize {
        self.rows.members(group)
    }

    fn groups(&self) -> Option<usize> {
        Some(self.group_names().len())
    }

    fn has_group(&self, group: &str) -> Option<bool> {
        match self.group_names().contains(group) {
            true => Some(true),
            false => self.knows_groups().then_some(false),
        }
    }
}
