//! The promises about accepted changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use conv_api::{
    Conversation, Mutation, Outcome, OutcomeKind, PendingState, Snapshot,
    model::{Aspect, Progress, Slot},
};

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// An accepted change is gone, and nothing said how it ended.
    Lost,
    /// A row showed something other than what was last set, and nothing explains it.
    Flicker,
    /// A deletion took a message that the list knew and the user had not seen.
    Deleted,
    /// Two calls of one kind were under way.
    Parallel,
    /// A change was reported as overridden although no other device touched it.
    Overridden,
    /// In the end the list is not the cloud's.
    Unequal,
    /// Changes are still under way long after all faults ended.
    Stuck,
    /// A change that had ended ended again.
    TwoEnds,
}

/// The value that a slot must show.
#[derive(Debug)]
struct Expected {
    mutation: Mutation,
    number: u64,
    is_done: bool,
}

#[derive(Debug, Default)]
pub struct Judge {
    expected: BTreeMap<Slot, Expected>,
    /// When each change was accepted that nothing said the end of.
    open: BTreeMap<u64, Duration>,
    /// When each change was accepted.
    since: BTreeMap<u64, Duration>,
    /// The changes reported as overridden since the last look.
    overridden: Vec<Expected>,
    /// The ends of these may have been stored, and the store's answer lost.
    doubted: BTreeSet<u64>,
    /// The changes that ended for good, and how.
    ended: BTreeMap<u64, OutcomeKind>,
    /// The second end of a change.
    again: Option<String>,
}

impl Judge {
    /// Takes in a change that was accepted, with its number if it is to be sent.
    pub fn accepted(
        &mut self,
        at: Duration,
        mutation: &Mutation,
        number: Option<u64>,
        list: &Snapshot,
    ) {
        self.forget_dependent(mutation);
        let slot = mutation.slot();
        let is_judged = match (&slot, mutation) {
            (Slot::Group(_), _) | (_, Mutation::Read { .. }) => false,
            (Slot::Conversation(_, Aspect::Member(name)), _) => !list
                .outbox()
                .of_groups()
                .any(|group| group.mutation.group_names().any(|other| other == name)),
            _ => true,
        };
        let Some(number) = number else { return drop(self.expected.remove(&slot)) };
        self.since.entry(number).or_insert(at);
        if list.outbox().get(number).is_some() {
            self.open.insert(number, at);
        }
        self.expected.remove(&slot);
        if is_judged {
            let mutation = mutation.clone();
            self.expected.insert(slot, Expected { mutation, number, is_done: false });
        }
    }

    /// Takes in a change of which the store does not say whether it accepted it.
    pub fn doubt_accepted(&mut self, mutation: &Mutation) {
        self.forget_dependent(mutation);
        self.expected.remove(&mutation.slot());
        self.doubted.extend(self.open.keys());
    }

    /// Takes in progress of which the store does not say whether it stored it.
    pub fn doubt(&mut self, steps: &[(u64, Progress)]) {
        self.doubted.extend(steps.iter().map(|(number, _)| number));
        // An acknowledgement ends the earlier ones of its slot.
        if steps.iter().any(|(_, progress)| matches!(progress, Progress::AcknowledgedAt(_))) {
            self.doubted.extend(self.open.keys());
        }
    }

    /// Forgets the values that a change sets in addition to its own slot.
    fn forget_dependent(&mut self, mutation: &Mutation) {
        match mutation {
            Mutation::Delete { id, .. } => {
                self.expected.remove(&Slot::Conversation(id.clone(), Aspect::Pinned));
            }
            Mutation::Group { .. } => {
                let names: Vec<_> = mutation.group_names().collect();
                self.expected.retain(|slot, _| {
                    !matches!(slot, Slot::Conversation(_, Aspect::Member(name)) if names.contains(&name))
                });
            }
            _ => {}
        }
    }

    pub fn outcomes(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.open.remove(&outcome.number);
            self.note_end(outcome);
            if outcome.kind == OutcomeKind::Overridden {
                let expected = self.expected.remove(&outcome.mutation.slot());
                self.overridden.extend(expected.filter(|one| one.number == outcome.number));
            }
            let is_it = |one: &Expected| one.number == outcome.number;
            let is_done = matches!(outcome.kind, OutcomeKind::Done | OutcomeKind::Replaced);
            if is_done {
                let expected = self.expected.values_mut().filter(|one| is_it(one));
                expected.for_each(|one| one.is_done = true);
            } else {
                self.expected.retain(|_, one| !is_it(one));
            }
        }
    }

    /// A change that failed or expired may be tried again, or dropped.
    fn note_end(&mut self, outcome: &Outcome) {
        if let Some(before) = self.ended.get(&outcome.number) {
            let what = format!("{outcome:?} after {before:?}");
            self.again.get_or_insert(what);
        }
        if !matches!(outcome.kind, OutcomeKind::Failed(_) | OutcomeKind::Expired) {
            self.ended.insert(outcome.number, outcome.kind.clone());
        }
    }

    /// Compares what the list shows with what it is to show.
    pub fn check(
        &mut self,
        list: &Snapshot,
        foreign: &BTreeMap<Slot, Duration>,
    ) -> Option<(Broken, String)> {
        if let Some(what) = self.again.take() {
            return Some((Broken::TwoEnds, what));
        }
        let outbox = list.outbox();
        for number in self.open.keys().copied().collect::<Vec<_>>() {
            let pending = outbox.get(number);
            let is_over = pending.is_none_or(|one| one.state == PendingState::Failed);
            if !is_over {
                continue;
            }
            self.open.remove(&number);
            if self.doubted.contains(&number) {
                self.expected.retain(|_, one| one.number != number);
            } else {
                return Some((Broken::Lost, format!("{number}: {pending:?}")));
            }
        }
        for expected in std::mem::take(&mut self.overridden) {
            let touched = foreign.get(&expected.mutation.slot());
            if touched < self.since.get(&expected.number) {
                return Some((Broken::Overridden, format!("{expected:?}")));
            }
        }
        // No listing says how messages are announced, and the names of groups come after the row:
        // both are lost with a row that goes.
        self.expected.retain(|slot, one| match slot {
            Slot::Conversation(id, Aspect::RemindType | Aspect::Member(_)) => {
                !one.is_done || list.get(id).is_some()
            }
            _ => true,
        });
        for (slot, expected) in &self.expected {
            let Some(id) = slot.conversation_id() else { continue };
            let Some(row) = list.get(id) else { continue };
            let since = self.since.get(&expected.number);
            let is_touched = expected.is_done && foreign.get(slot) >= since;
            if !is_touched && !shows(&row, &expected.mutation) {
                let what = format!("{expected:?} of {since:?}, touched {:?}", foreign.get(slot));
                return Some((Broken::Flicker, format!("{what}: {row:?}")));
            }
        }
        None
    }
}

fn shows(row: &Conversation, mutation: &Mutation) -> bool {
    match mutation {
        Mutation::Pin { is_pinned, .. } => row.listing.is_pinned == *is_pinned,
        Mutation::Mark { mark_type, is_set, .. } => {
            row.listing.marks.contains(*mark_type) == *is_set
        }
        Mutation::CustomData { custom_data, .. } => row.listing.custom_data == *custom_data,
        Mutation::Member { group_name, is_member, .. } => {
            row.listing.groups.iter().any(|name| **name == *group_name.as_str()) == *is_member
        }
        Mutation::Delete { seen, .. } => row.listing.time.is_some_and(|time| time > *seen),
        Mutation::Remind { remind_type, .. } => {
            row.unread.remind_type.as_ref() == Some(remind_type)
        }
        _ => true,
    }
}
