//! A cloud of plain values, which takes mutations one by one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{
    ConversationId, ErrorClass, GroupName, GroupTarget, Marks, Mutation, MutationFailure, Outbox,
    Pending, Progress, ReadMark, RemindType,
};

#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    is_pinned: bool,
    marks: Marks,
    custom_data: Arc<str>,
    groups: BTreeSet<GroupName>,
    read: ReadMark,
    remind_type: Option<RemindType>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cloud {
    rows: BTreeMap<ConversationId, Row>,
    groups: BTreeSet<GroupName>,
}

impl Cloud {
    /// Returns true if a client would let the user do this.
    pub(super) fn allows(&self, mutation: &Mutation) -> bool {
        match mutation {
            Mutation::Member { group_name, .. } => self.groups.contains(group_name),
            Mutation::Group { group_name, target } => match target {
                GroupTarget::Present => !self.groups.contains(group_name),
                GroupTarget::Absent => self.groups.contains(group_name),
                GroupTarget::Named(new) => {
                    self.groups.contains(group_name) && !self.groups.contains(new)
                }
                _ => false,
            },
            _ => true,
        }
    }

    pub(super) fn apply(&mut self, mutation: &Mutation) {
        if let Mutation::Group { group_name, target } = mutation {
            return self.apply_group(group_name, target);
        }
        let Some(id) = mutation.conversation_id() else { return };
        let row = self.rows.entry(id.clone()).or_default();
        match mutation {
            Mutation::Pin { is_pinned, .. } => row.is_pinned = *is_pinned,
            Mutation::Mark { mark_type, is_set: true, .. } => {
                row.marks = row.marks.with(*mark_type)
            }
            Mutation::Mark { mark_type, .. } => row.marks = row.marks.without(*mark_type),
            Mutation::CustomData { custom_data, .. } => row.custom_data = Arc::clone(custom_data),
            Mutation::Member { group_name, is_member: true, .. } => {
                assert!(self.groups.contains(group_name), "no group {group_name}");
                row.groups.insert(group_name.clone());
            }
            Mutation::Member { group_name, .. } => drop(row.groups.remove(group_name)),
            Mutation::Read { until, .. } => row.read = row.read.max(*until),
            Mutation::Remind { remind_type, .. } => row.remind_type = Some(remind_type.clone()),
            _ => {}
        }
        // A row of which nothing was set is as good as none.
        self.rows.retain(|_, row| *row != Row::default());
    }

    fn apply_group(&mut self, name: &GroupName, target: &GroupTarget) {
        match target {
            GroupTarget::Present => drop(self.groups.insert(name.clone())),
            GroupTarget::Absent => {
                self.groups.remove(name);
                for row in self.rows.values_mut() {
                    row.groups.remove(name);
                }
                self.rows.retain(|_, row| *row != Row::default());
            }
            GroupTarget::Named(new) if self.groups.remove(name) => {
                self.groups.insert(new.clone());
                for row in self.rows.values_mut().filter(|row| row.groups.contains(name)) {
                    row.groups.remove(name);
                    row.groups.insert(new.clone());
                }
            }
            // It was renamed by the call whose answer was lost.
            _ => assert!(matches!(target, GroupTarget::Named(new) if self.groups.contains(new))),
        }
    }

    /// Returns true if a mutation would change nothing.
    pub(super) fn has(&self, mutation: &Mutation) -> bool {
        if let Mutation::Group { group_name, target } = mutation {
            return match target {
                GroupTarget::Present => self.groups.contains(group_name),
                GroupTarget::Absent => !self.groups.contains(group_name),
                _ => false,
            };
        }
        if let Mutation::Member { id, group_name, is_member } = mutation {
            let row = self.rows.get(id);
            return row.is_some_and(|row| row.groups.contains(group_name)) == *is_member;
        }
        let mut after = self.clone();
        after.apply(mutation);
        after == *self
    }

    /// Sends one mutation that is ready, a group with its first members. A lost answer leaves it to
    /// be sent again. Returns true if there was anything to send.
    pub(super) fn send(&mut self, outbox: &mut Outbox, which: usize, is_lost: bool) -> bool {
        let ready = outbox.ready();
        let Some(first) = ready.get(which % ready.len().max(1)).map(|first| Arc::clone(first))
        else {
            return false;
        };
        let members: Vec<Arc<Pending>> =
            outbox.first_members(&first).into_iter().cloned().collect();
        for pending in std::iter::once(&first).chain(&members) {
            outbox.progress(pending.number, Progress::Sending);
            self.apply(&pending.mutation);
            let failure = MutationFailure::new(ErrorClass::Transient, None, "lost");
            outbox.progress(
                pending.number,
                match is_lost {
                    true => Progress::Returned { failure, is_uncertain: true },
                    false => Progress::Acknowledged,
                },
            );
        }
        true
    }
}
