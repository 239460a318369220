//! Names for the conversation groups, which rows carry as numbers.
//!
//! A pass whose rows carry numbers reads the names once, beside the pages: a renamed group keeps
//! its number, so only reading its name again shows the new one. The names are part of the sync
//! state and are stored with the page that needed them. No row waits for them: it shows the names
//! known from the previous pass, or keeps the groups it had, until they arrive.
//!
//! A group may be created after its pass read the names, for one by a change that is sent beside
//! the pass. When a row carries a number that the names lack and that no row carried before they
//! were asked for, the pass reads them once more. A number that an earlier pass ended with is no reason:
//! the call that every pass makes came after its group, and has the name if there is one by then.

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
    /// The numbers of rows that came before the names were asked for: the answer has their names, or
    /// the cloud has none.
    asked_for: BTreeSet<u64>,
    /// Set once the names are asked for a second time, which is the last.
    is_second: bool,
    learned: bool,
    /// The rows in groups whose names this pass did not read.
    unnamed: BTreeSet<ConversationId>,
    /// The numbers of rows that had no name when they came, some of which may have one since.
    nameless: BTreeSet<u64>,
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
            asked_for: BTreeSet::new(),
            is_second: false,
            learned: false,
            unnamed: BTreeSet::new(),
            nameless: BTreeSet::new(),
        }
    }

    /// Returns the rows in groups whose names this pass did not read: they show names of an earlier
    /// pass, or the groups they had then.
    pub(super) fn unnamed(&self) -> &BTreeSet<ConversationId> {
        &self.unnamed
    }

    /// Returns `true` when a row carries a number and the names are due: once per pass, and once more
    /// for a number that came after they were asked for.
    pub(super) fn ask(&mut self, rows: &[SourceRow]) -> bool {
        let numbers = || rows.iter().filter_map(|row| row.group_ids.as_ref()).flatten().copied();
        let is_due = match self.state {
            State::Idle => numbers().next().is_some(),
            State::Settled => numbers().any(|number| self.is_late(number)),
            State::Asked | State::GivenUp => false,
        };
        if is_due {
            self.begin(numbers());
        }
        is_due
    }

    /// Returns `true` while the names are asked for.
    pub(super) fn is_asking(&self) -> bool {
        self.state == State::Asked
    }

    fn begin(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.is_second = self.state == State::Settled;
        self.state = State::Asked;
        self.asked_for.extend(numbers);
    }

    /// Returns true if the names may have a number by now that they lacked when they were read.
    fn is_late(&self, number: u64) -> bool {
        let is_answered = self.known.names.contains_key(&number)
            || self.known.unnamed.contains(&number)
            || self.asked_for.contains(&number);
        !self.is_second && !is_answered
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
    /// unknown number. Rows with a number that came too late for this answer wait for a second one:
    /// the names are [asked for](Self::is_asking) again then.
    pub(super) fn learn(&mut self, groups: Groups) -> (Vec<ConversationPatch>, Vec<SkippedRow>) {
        let mut new = GroupNames::new(groups.names, groups.server_time);
        new.unnamed.clone_from(&self.known.unnamed);
        self.learned = new.names != self.known.names;
        let old = std::mem::replace(&mut self.known, new);
        self.state = State::Settled;
        let rows = std::mem::take(&mut self.numbers).into_iter();
        let (late, rows): (BTreeMap<_, _>, _) =
            rows.partition(|(_, numbers)| numbers.iter().any(|number| self.is_late(*number)));
        self.numbers = rows;
        let settled = self.settle(Some(&old));
        if !late.is_empty() {
            self.begin(late.values().flatten().copied());
            self.numbers = late;
        }
        settled
    }

    /// Goes on with the names known before. Returns the rows with an unknown number.
    pub(super) fn give_up(&mut self) -> Vec<SkippedRow> {
        // What the first answer said still counts if the second does not come.
        self.state = if self.is_second { State::Settled } else { State::GivenUp };
        self.settle(None).1
    }

    /// Notes whether this pass read the names of a row's groups.
    fn note(&mut self, id: &ConversationId, numbers: &[u64]) {
        let is_nameless = |number: &&u64| !self.known.names.contains_key(number);
        self.nameless.extend(numbers.iter().filter(is_nameless));
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

    /// Returns the numbers that have no name at the end of the pass, those of earlier passes among them;
    /// `None` if they are the known ones.
    pub(super) fn end(&mut self) -> Option<BTreeSet<u64>> {
        let GroupNames { names, unnamed: known, .. } = &self.known;
        let numbers = known.iter().chain(&self.nameless);
        let mut unnamed: BTreeSet<u64> =
            numbers.filter(|number| !names.contains_key(number)).copied().collect();
        while unnamed.len() > GroupNames::MAX_UNNAMED {
            unnamed.pop_first();
        }
        (unnamed != *known).then_some(unnamed)
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
