//! Names for the conversation groups, which rows carry as numbers.
//!
//! A pass whose rows carry numbers reads the names once, beside the pages: a renamed group keeps
//! its number, so only reading its name again shows the new one. The names are part of the sync
//! state and are stored with the page that needed them. No row waits for them: it shows the names
//! known from the previous pass, or keeps the groups it had, until they arrive.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{ConversationId, ConversationPatch, GroupNames, ListingPatch, SkippedRow};

use crate::{Groups, SourceRow};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Naming {
    known: GroupNames,
    state: State,
    /// The numbers of rows shown before the names arrived.
    numbers: BTreeMap<ConversationId, Vec<u64>>,
    learned: bool,
    /// The rows in groups whose names this pass did not read.
    unnamed: BTreeSet<ConversationId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// No row has carried a number yet.
    Idle,
    Asked,
    /// The names arrived.
    Settled,
    /// The names did not arrive, and may not be retried.
    GivenUp,
}

impl Naming {
    pub(super) fn new(known: GroupNames) -> Self {
        Self {
            known,
            state: State::Idle,
            numbers: BTreeMap::new(),
            learned: false,
            unnamed: BTreeSet::new(),
        }
    }

    /// Returns the rows in groups whose names this pass did not read: they show names of an earlier
    /// pass, or the groups they had then.
    pub(super) fn unnamed(&self) -> &BTreeSet<ConversationId> {
        &self.unnamed
    }

    /// Returns `true` once per pass, when a row carries a number: the names are due.
    pub(super) fn ask(&mut self, rows: &[SourceRow]) -> bool {
        let mut numbers = rows.iter().filter_map(|row| row.group_ids.as_ref());
        let is_due = self.state == State::Idle && numbers.any(|numbers| !numbers.is_empty());
        if is_due {
            self.state = State::Asked;
        }
        is_due
    }

    /// Returns the rows with the names of their groups, as far as they are known. Once the names
    /// arrived, a row with an unknown number keeps the groups it had, and is returned as skipped
    /// too.
    pub(super) fn name(
        &mut self,
        rows: Vec<SourceRow>,
    ) -> (Vec<ConversationPatch>, Vec<SkippedRow>) {
        let mut unnamed = Vec::new();
        let mut named = Vec::with_capacity(rows.len());
        for SourceRow { mut patch, group_ids } in rows {
            if let Some(numbers) = group_ids {
                let names = self.names(&numbers);
                self.note(&patch.id, &numbers);
                if self.state == State::Asked {
                    self.numbers.insert(patch.id.clone(), numbers);
                } else if names.is_none() {
                    unnamed.push(unnamed_row(&patch.id));
                }
                if let Some(listing) = &mut patch.listing {
                    listing.groups = names;
                }
            }
            named.push(patch);
        }
        (named, unnamed)
    }

    /// Takes in the names. Returns the changes of rows that were shown before, and the rows with an
    /// unknown number.
    pub(super) fn learn(&mut self, groups: Groups) -> (Vec<ConversationPatch>, Vec<SkippedRow>) {
        let new = GroupNames::new(groups.names, groups.server_time);
        self.learned = new.names != self.known.names;
        let old = std::mem::replace(&mut self.known, new);
        self.state = State::Settled;
        self.settle(Some(&old))
    }

    /// Goes on with the names known before. Returns the rows with an unknown number.
    pub(super) fn give_up(&mut self) -> Vec<SkippedRow> {
        self.state = State::GivenUp;
        self.settle(None).1
    }

    /// Notes whether this pass read the names of a row's groups.
    fn note(&mut self, id: &ConversationId, numbers: &[u64]) {
        let is_named =
            numbers.is_empty() || (self.state == State::Settled && self.names(numbers).is_some());
        if is_named {
            self.unnamed.remove(id);
        } else {
            self.unnamed.insert(id.clone());
        }
    }

    fn settle(&mut self, old: Option<&GroupNames>) -> (Vec<ConversationPatch>, Vec<SkippedRow>) {
        let (mut renamed, mut unnamed) = (Vec::new(), Vec::new());
        for (id, numbers) in std::mem::take(&mut self.numbers) {
            self.note(&id, &numbers);
            let Some(names) = self.names(&numbers) else {
                unnamed.push(unnamed_row(&id));
                continue;
            };
            let is_new = old.is_some_and(|old| names_of(old, &numbers).as_ref() != Some(&names));
            if is_new {
                let mut listing = ListingPatch::default();
                listing.groups = Some(names);
                let mut patch = ConversationPatch::new(id);
                patch.listing = Some(listing);
                renamed.push(patch);
            }
        }
        (renamed, unnamed)
    }

    /// Takes the new names, to store with the next change.
    pub(super) fn take_learned(&mut self) -> Option<GroupNames> {
        std::mem::take(&mut self.learned).then(|| self.known.clone())
    }

    fn names(&self, numbers: &[u64]) -> Option<Vec<Arc<str>>> {
        names_of(&self.known, numbers)
    }
}

fn names_of(known: &GroupNames, numbers: &[u64]) -> Option<Vec<Arc<str>>> {
    numbers.iter().map(|number| known.names.get(number).cloned()).collect()
}

fn unnamed_row(id: &ConversationId) -> SkippedRow {
    SkippedRow::new(Some(id.clone()), "row is in a conversation group without a name")
}
