//! One account's list in the cloud, and what calls do to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_api::{
    ConversationId, ErrorClass, MarkType, Marks, SourceError,
    model::{Aspect, Slot},
    sync::{Retry, WriteCall},
};

pub const START: u64 = 1_775_000_000;

/// The marks and the names of groups that anybody uses.
pub const MARKS: [u32; 3] = [0, 2, 40];
pub const NAMES: [&str; 4] = ["Press", "Media", "Family", "Team"];

/// A row as the cloud lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub time: u64,
    pub is_pinned: bool,
    pub marks: Marks,
    pub custom_data: Arc<str>,
    pub groups: BTreeSet<Arc<str>>,
}

/// The values that outlive a row.
#[derive(Clone, Debug, Default)]
struct Kept {
    marks: Marks,
    custom_data: Arc<str>,
    groups: BTreeSet<u64>,
    /// The newest message there ever was.
    newest: u64,
}

#[derive(Clone, Debug, Default)]
pub struct World {
    /// Time and pin of each listed row.
    listed: BTreeMap<ConversationId, (u64, bool)>,
    kept: BTreeMap<ConversationId, Kept>,
    pub groups: BTreeMap<u64, Arc<str>>,
    last_group: u64,
}

/// The behaviour that the documentation leaves open.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    pub merges_created: bool,
    pub merges_renamed: bool,
    pub deletes_absent: bool,
}

impl World {
    pub fn ids(&self) -> Vec<ConversationId> {
        self.kept.keys().cloned().collect()
    }

    /// A message: its row moves, or comes again.
    pub fn message(&mut self, id: &ConversationId, now: u64) {
        let kept = self.kept.entry(id.clone()).or_default();
        kept.newest = now.max(kept.newest + 1);
        let is_pinned = self.listed.get(id).is_some_and(|(_, is_pinned)| *is_pinned);
        self.listed.insert(id.clone(), (kept.newest, is_pinned));
    }

    pub fn time_of(&self, id: &ConversationId) -> Option<u64> {
        self.listed.get(id).map(|(time, _)| *time)
    }

    pub fn rows(&self) -> BTreeMap<ConversationId, Row> {
        let row = |(id, (time, is_pinned)): (&ConversationId, &(u64, bool))| {
            let kept = self.kept.get(id).cloned().unwrap_or_default();
            let names = kept.groups.iter().filter_map(|number| self.groups.get(number).cloned());
            let row = Row {
                time: *time,
                is_pinned: *is_pinned,
                marks: kept.marks,
                groups: names.collect(),
                custom_data: kept.custom_data,
            };
            (id.clone(), row)
        };
        self.listed.iter().map(row).collect()
    }

    /// The numbers of a conversation's groups.
    pub fn group_ids(&self, id: &ConversationId) -> Vec<u64> {
        self.kept.get(id).map(|kept| kept.groups.iter().copied().collect()).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.groups.iter().find(|(_, known)| ***known == *name).map(|(number, _)| *number)
    }

    /// Applies one item of a call, or a call without items.
    pub fn apply(&mut self, call: &WriteCall, habits: Habits) -> Result<(), SourceError> {
        match call {
            WriteCall::Delete { id, .. } => match self.listed.remove(id) {
                None if !habits.deletes_absent => return Err(SourceError::NotFound),
                _ => {}
            },
            WriteCall::Pin { ids, is_pinned } => {
                for id in ids {
                    if let Some(row) = self.listed.get_mut(id) {
                        row.1 = *is_pinned;
                    }
                }
            }
            WriteCall::Mark { items } => {
                for item in items {
                    let marks = &mut self.kept.entry(item.id.clone()).or_default().marks;
                    *marks = item.set.iter().fold(*marks, Marks::with);
                    *marks = item.clear.iter().fold(*marks, Marks::without);
                }
            }
            WriteCall::CustomData { items } => {
                for (id, text) in items {
                    self.kept.entry(id.clone()).or_default().custom_data = Arc::clone(text);
                }
            }
            WriteCall::CreateGroup { name, ids } => {
                let number = match self.number(name.as_str()) {
                    Some(number) if habits.merges_created => number,
                    Some(_) => return Err(refused(51010, ErrorClass::InvalidArgument)),
                    None => self.add_group(name.as_arc()),
                };
                self.join(number, ids.iter().map(|id| (id, true)));
            }
            WriteCall::RenameGroup { old, new } => {
                let Some(number) = self.number(old.as_str()) else { return Err(no_group()) };
                match self.number(new.as_str()).filter(|other| *other != number) {
                    Some(_) if !habits.merges_renamed => {
                        return Err(refused(51011, ErrorClass::InvalidArgument));
                    }
                    Some(other) => self.merge(number, other),
                    None => drop(self.groups.insert(number, new.as_arc().clone())),
                }
            }
            WriteCall::DeleteGroup { name } => {
                let Some(number) = self.number(name.as_str()) else { return Err(no_group()) };
                self.groups.remove(&number);
                for kept in self.kept.values_mut() {
                    kept.groups.remove(&number);
                }
            }
            WriteCall::Members { name, items } => {
                let Some(number) = self.number(name.as_str()) else { return Err(no_group()) };
                self.join(number, items.iter().map(|(id, is_member)| (id, *is_member)));
            }
            _ => {}
        }
        Ok(())
    }

    fn add_group(&mut self, name: &Arc<str>) -> u64 {
        self.last_group += 1;
        self.groups.insert(self.last_group, Arc::clone(name));
        self.last_group
    }

    fn merge(&mut self, from: u64, into: u64) {
        self.groups.remove(&from);
        for kept in self.kept.values_mut() {
            if kept.groups.remove(&from) {
                kept.groups.insert(into);
            }
        }
    }

    fn join<'a>(&mut self, group: u64, items: impl Iterator<Item = (&'a ConversationId, bool)>) {
        for (id, is_member) in items {
            let groups = &mut self.kept.entry(id.clone()).or_default().groups;
            if is_member {
                groups.insert(group);
            } else {
                groups.remove(&group);
            }
        }
    }

    /// Returns the values of a conversation, listed or not.
    fn values(&self, id: &ConversationId) -> (Option<bool>, Marks, Arc<str>, Vec<Arc<str>>) {
        let is_pinned = self.listed.get(id).map(|(_, is_pinned)| *is_pinned);
        let kept = self.kept.get(id).cloned().unwrap_or_default();
        let names = kept.groups.iter().filter_map(|number| self.groups.get(number).cloned());
        (is_pinned, kept.marks, kept.custom_data, names.collect())
    }

    /// The slots whose values differ between two moments.
    pub fn touched(&self, before: &Self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for id in self.kept.keys() {
            let (old, new) = (before.values(id), self.values(id));
            let marks = MARKS.iter().map(|bit| MarkType::from_bit(*bit).unwrap());
            let marks = marks.filter(|mark| old.1.contains(*mark) != new.1.contains(*mark));
            let names = NAMES.iter().filter(|name| {
                let has = |names: &[Arc<str>]| names.iter().any(|known| **known == ***name);
                has(&old.3) != has(&new.3)
            });
            let mut aspects: Vec<_> = marks.map(Aspect::Mark).collect();
            aspects.extend(names.map(|name| Aspect::Member(name.parse().unwrap())));
            aspects.extend((old.0 != new.0).then_some(Aspect::Pinned));
            aspects.extend((old.2 != new.2).then_some(Aspect::CustomData));
            slots.extend(aspects.into_iter().map(|aspect| Slot::Conversation(id.clone(), aspect)));
        }
        slots
    }
}

pub fn refused(code: i32, class: ErrorClass) -> SourceError {
    error(code, class, Retry::Never)
}

pub fn error(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
    SourceError::Cloud { code, class, retry, message: "refused".into(), retry_after: None }
}

fn no_group() -> SourceError {
    refused(51009, ErrorClass::NotFound)
}
