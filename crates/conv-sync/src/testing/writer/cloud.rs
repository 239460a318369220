//! The state of a scripted cloud, and the effect of calls on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{
    Conversation, ConversationId, ErrorClass, GroupName, GroupTarget, Mutation, Timestamp, overlay,
};

use super::Habits;
use crate::{Groups, MarkItem, Retry, SourceError, WriteCall, Written};

const PINNED: usize = 50;
const ITEMS: usize = 100;
const GROUPS: usize = 20;

type Item = (ConversationId, Result<(), SourceError>);

#[derive(Debug, Default)]
pub(super) struct Cloud {
    pub(super) habits: Habits,
    pub(super) rows: BTreeMap<ConversationId, Conversation>,
    pub(super) groups: BTreeSet<Arc<str>>,
    /// Conversations whose items fail.
    pub(super) bad: BTreeMap<ConversationId, SourceError>,
    /// Conversations that answers per item do not name.
    pub(super) unnamed: BTreeSet<ConversationId>,
}

impl Cloud {
    pub(super) fn add_row(&mut self, id: ConversationId, time: Timestamp) {
        let row = self.rows.entry(id.clone()).or_insert_with(|| Conversation::new(id));
        row.listing.time = row.listing.time.max(Some(time));
    }

    pub(super) fn groups(&self) -> Groups {
        Groups::new((1..).zip(self.groups.iter().cloned()).collect(), Some(crate::testing::NOW))
    }

    pub(super) fn apply(&mut self, call: &WriteCall) -> Result<Written, SourceError> {
        if call.ids().len() > ITEMS {
            return Err(refused(51006, ErrorClass::InvalidArgument));
        }
        match call {
            WriteCall::Delete { id, .. } => self.delete(id),
            WriteCall::Pin { ids, is_pinned } => self.pin(ids, *is_pinned),
            WriteCall::Mark { items } => Ok(self.mark(items)),
            WriteCall::CustomData { items } => {
                let set = items.iter().map(|(id, text)| {
                    let custom_data = Arc::clone(text);
                    Mutation::CustomData { id: id.clone(), custom_data }
                });
                Ok(self.each(set.collect()))
            }
            WriteCall::CreateGroup { name, ids } => self.create(name, ids),
            WriteCall::RenameGroup { old, new } => self.rename(old, new),
            WriteCall::DeleteGroup { name } => self.delete_group(name),
            WriteCall::Members { name, items } => self.members(name, items),
            WriteCall::Read { id, until, .. } => {
                self.checked(id)?;
                let read = Mutation::Read { id: id.clone(), until: *until, count: 0 };
                self.set(&read);
                Ok(Written::whole())
            }
            WriteCall::Remind { id, remind_type } => {
                self.checked(id)?;
                let remind = Mutation::Remind { id: id.clone(), remind_type: remind_type.clone() };
                self.set(&remind);
                Ok(Written::whole())
            }
        }
    }

    fn checked(&self, id: &ConversationId) -> Result<(), SourceError> {
        self.bad.get(id).map_or(Ok(()), |error| Err(error.clone()))
    }

    fn set(&mut self, mutation: &Mutation) {
        for row in self.rows.values_mut() {
            if let Some(changed) = overlay(row, [mutation]) {
                *row = changed;
            }
        }
    }

    /// Sets what can be set, and answers per item.
    fn each(&mut self, mutations: Vec<Mutation>) -> Written {
        let mut items: Vec<Item> = Vec::new();
        for mutation in mutations {
            let Some(id) = mutation.conversation_id() else { continue };
            let result = self.checked(id);
            if result.is_ok() {
                self.set(&mutation);
            }
            items.push((id.clone(), result));
        }
        self.named(items)
    }

    fn named(&self, mut items: Vec<Item>) -> Written {
        items.retain(|(id, _)| !self.unnamed.contains(id));
        Written::items(items)
    }

    fn delete(&mut self, id: &ConversationId) -> Result<Written, SourceError> {
        self.checked(id)?;
        match self.rows.remove(id) {
            None if !self.habits.deletes_absent => Err(SourceError::NotFound),
            _ => Ok(Written::whole()),
        }
    }

    fn pin(&mut self, ids: &[ConversationId], is_pinned: bool) -> Result<Written, SourceError> {
        let error = ids.iter().find_map(|id| self.checked(id).err());
        if error.is_some() && !self.habits.pins_partly {
            return error.map_or(Ok(Written::whole()), Err);
        }
        for id in ids {
            let pinned = self.rows.values().filter(|row| row.listing.is_pinned).count();
            let is_more = is_pinned && self.rows.get(id).is_some_and(|row| !row.listing.is_pinned);
            if is_more && pinned >= PINNED {
                return Err(refused(51012, ErrorClass::InvalidArgument));
            }
            if self.checked(id).is_ok() {
                self.set(&Mutation::Pin { id: id.clone(), is_pinned });
            }
        }
        error.map_or(Ok(Written::whole()), Err)
    }

    fn mark(&mut self, marked: &[MarkItem]) -> Written {
        let mut items: Vec<Item> = Vec::new();
        for item in marked {
            let result = self.checked(&item.id);
            let row = self.rows.get_mut(&item.id).filter(|_| result.is_ok());
            if let Some(row) = row {
                let marks = &mut row.listing.marks;
                *marks = item.set.iter().fold(*marks, |marks, mark| marks.with(mark));
                *marks = item.clear.iter().fold(*marks, |marks, mark| marks.without(mark));
            }
            items.push((item.id.clone(), result));
        }
        self.named(items)
    }

    fn create(&mut self, name: &GroupName, ids: &[ConversationId]) -> Result<Written, SourceError> {
        let exists = self.groups.contains(name.as_str());
        if exists && !self.habits.merges_created {
            return Err(refused(51010, ErrorClass::InvalidArgument));
        }
        if !exists && self.groups.len() >= GROUPS {
            return Err(refused(51010, ErrorClass::Unsupported));
        }
        if ids.is_empty() && !self.habits.creates_empty {
            return Err(refused(51006, ErrorClass::InvalidArgument));
        }
        self.groups.insert(name.as_arc().clone());
        let items: Vec<_> = ids.iter().map(|id| (id.clone(), true)).collect();
        self.members(name, &items)
    }

    fn members(
        &mut self,
        name: &GroupName,
        items: &[(ConversationId, bool)],
    ) -> Result<Written, SourceError> {
        self.existing(name)?;
        let set = items.iter().map(|(id, is_member)| Mutation::Member {
            id: id.clone(),
            group_name: name.clone(),
            is_member: *is_member,
        });
        Ok(self.each(set.collect()))
    }

    fn rename(&mut self, old: &GroupName, new: &GroupName) -> Result<Written, SourceError> {
        self.existing(old)?;
        if self.groups.contains(new.as_str()) && !self.habits.merges_renamed {
            return Err(refused(51011, ErrorClass::InvalidArgument));
        }
        self.groups.remove(old.as_str());
        self.groups.insert(new.as_arc().clone());
        let target = GroupTarget::Named(new.clone());
        self.set(&Mutation::Group { group_name: old.clone(), target });
        Ok(Written::whole())
    }

    fn delete_group(&mut self, name: &GroupName) -> Result<Written, SourceError> {
        self.existing(name)?;
        self.groups.remove(name.as_str());
        self.set(&Mutation::Group { group_name: name.clone(), target: GroupTarget::Absent });
        Ok(Written::whole())
    }

    fn existing(&self, name: &GroupName) -> Result<(), SourceError> {
        match self.groups.contains(name.as_str()) {
            true => Ok(()),
            false => Err(refused(51009, ErrorClass::NotFound)),
        }
    }
}

fn refused(code: i32, class: ErrorClass) -> SourceError {
    let message = String::from("refused");
    SourceError::Cloud { code, class, retry: Retry::Never, message, retry_after: None }
}
