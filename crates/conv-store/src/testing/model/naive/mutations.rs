//! Mutations, in a store of few lines.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    Capacity, Conversation, ConversationId, Coverage, GroupTarget, Limits, Mutation, MutationError,
    Outbox, Outcome, Progress, ShownList, overlay,
};

use super::{Naive, Rows};

impl Naive {
    /// Accepts mutations: all or none. Returns their numbers, and the outcomes of others.
    ///
    /// # Errors
    /// If one of them is refused: the error of the first.
    pub fn enqueue(
        &mut self,
        mutations: &[Mutation],
    ) -> Result<(Vec<Option<u64>>, Vec<Outcome>), MutationError> {
        let before = self.outbox.clone();
        let (mut numbers, mut outcomes) = (Vec::new(), Vec::new());
        for mutation in mutations {
            let done = mutation.check(&self.shown(), &Limits::default()).and_then(|()| {
                let mut outbox = self.outbox.clone();
                let is_met = |mutation: &Mutation| self.is_met(mutation);
                let base = self.base();
                let row = mutation.conversation_id().and_then(|id| base.get(id));
                let mutation = outbox.counted(None, mutation, row);
                let done = outbox.enqueue(mutation, None, is_met, &Capacity::default())?;
                Ok((outbox, done))
            });
            match done {
                Ok((outbox, done)) => {
                    self.outbox = outbox;
                    numbers.push(done.number);
                    outcomes.extend(done.outcomes);
                }
                Err(error) => {
                    self.outbox = before;
                    return Err(error);
                }
            }
        }
        Ok((numbers, outcomes))
    }

    /// Stores the progress of mutations, and returns their outcomes.
    pub fn progress(&mut self, steps: &[(u64, Progress)]) -> Vec<Outcome> {
        let (mut outcomes, mut settled) = (Vec::new(), Vec::new());
        for (number, progress) in steps {
            let done = self.outbox.progress(*number, progress.clone());
            outcomes.extend(done.outcomes);
            settled.extend(done.settled);
        }
        self.clock += 1;
        let before = self.cloud.clone();
        for (id, row) in self.base() {
            match overlay(&row, &settled) {
                Some(mut after) if after != row => {
                    after.local = Default::default();
                    self.cloud.insert(id, after);
                }
                Some(_) => {}
                None => {
                    self.cloud.remove(&id);
                    self.stamps.remove(&id);
                }
            }
        }
        self.stamp(&before, None);
        settled.iter().for_each(|mutation| self.take_over_group(mutation));
        if matches!(self.sync.coverage, Coverage::Empty | Coverage::CacheOnly) {
            let has_any = !self.cloud.is_empty() || self.sync.finished.is_some();
            self.sync.coverage = if has_any { Coverage::CacheOnly } else { Coverage::Empty };
        }
        outcomes
    }

    fn take_over_group(&mut self, mutation: &Mutation) {
        let names = &mut self.sync.groups.names;
        let Mutation::Group { group_name, target } = mutation else { return };
        let has_name = names.values().any(|name| **name == *group_name.as_str());
        match target {
            GroupTarget::Present if !has_name => {
                let mut number = u64::MAX - 1;
                while names.contains_key(&number) {
                    number -= 1;
                }
                names.insert(number, group_name.as_str().into());
            }
            GroupTarget::Absent => names.retain(|_, name| **name != *group_name.as_str()),
            GroupTarget::Named(new) => {
                for name in names.values_mut().filter(|name| ***name == *group_name.as_str()) {
                    *name = new.as_str().into();
                }
            }
            _ => {}
        }
    }

    /// The names of groups that the list shows.
    pub fn groups(&self) -> BTreeSet<Arc<str>> {
        let shown = self.rows();
        let of_rows = shown.values().flat_map(|row| &row.listing.groups);
        self.outbox.shown_groups(self.sync.groups.names.values().chain(of_rows))
    }

    fn knows_groups(&self) -> bool {
        self.sync.groups.read_at.is_some() || !self.sync.groups.names.is_empty()
    }

    fn is_met(&self, mutation: &Mutation) -> bool {
        let has = |name: &str| self.sync.groups.names.values().any(|known| **known == *name);
        match mutation {
            Mutation::Group { group_name, target: GroupTarget::Present } => {
                has(group_name.as_str())
            }
            Mutation::Group { group_name, target: GroupTarget::Absent } => {
                self.knows_groups() && !has(group_name.as_str())
            }
            Mutation::Group { group_name, target: GroupTarget::Named(new) } => {
                has(new.as_str()) && !has(group_name.as_str())
            }
            mutation => {
                let base = self.base();
                let row = mutation.conversation_id().and_then(|id| base.get(id));
                let is_known = |row: &Conversation| match mutation {
                    Mutation::Read { .. } => row.unread.count == Some(0),
                    Mutation::Delete { .. } => false,
                    _ => true,
                };
                row.is_some_and(|row| {
                    is_known(row) && overlay(row, [mutation]).as_ref() == Some(row)
                })
            }
        }
    }

    fn shown(&self) -> Shown<'_> {
        Shown { naive: self, rows: self.rows() }
    }
}

struct Shown<'a> {
    naive: &'a Naive,
    rows: Rows,
}

impl ShownList for Shown<'_> {
    fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        self.rows.get(id)
    }

    fn pinned(&self) -> usize {
        self.rows.values().filter(|row| row.listing.is_pinned).count()
    }

    fn marked(&self) -> usize {
        let is_marked = |row: &&Conversation| {
            !row.listing.marks.is_empty() || !row.listing.custom_data.is_empty()
        };
        self.rows.values().filter(is_marked).count()
    }

    fn members(&self, group: &str) -> usize {
        let is_in = |row: &&Conversation| row.listing.groups.iter().any(|name| **name == *group);
        self.rows.values().filter(is_in).count()
    }

    fn groups(&self) -> Option<usize> {
        Some(self.naive.groups().len())
    }

    fn has_group(&self, group: &str) -> Option<bool> {
        let has = self.naive.groups().contains(group);
        (has || self.naive.knows_groups()).then_some(has)
    }
}

/// The number of a pending mutation, by its place; of none there is if none is pending.
pub(in super::super) fn number(outbox: &Outbox, place: usize) -> u64 {
    let numbers: Vec<u64> = outbox.pending().map(|one| one.number).collect();
    let place = place.checked_rem(numbers.len()).unwrap_or_default();
    numbers.get(place).copied().unwrap_or_default()
}
