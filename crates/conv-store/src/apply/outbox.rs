//! Computes the effect of a change of the outbox on a state.
//!
//! The change runs on a copy of the state, one mutation after another, so that each is checked against
//! the list as those before it leave it. At the end the rows that may show something else are compared.
//!
//! A value that the cloud has and no listing shows is written into the cloud's rows first; the next
//! write ends the mutation. After a crash between the two the mutation is still there, and ends
//! again.

mod check;
mod settled;

use std::{collections::BTreeSet, mem, sync::Arc};

use conv_model::{
    Aspect, Capacity, Commit, ConversationId, Enqueue, GroupName, Mutation, Outbox, OutboxChange,
    Outcome, OutcomeKind, Progress, Removal, RowChange, Seq, Slot,
};

use super::change::{Effect, Encoding};
use crate::{
    Record, StoreError, Write,
    list::{placed, row::Row, state::State, suggestions::Suggestions},
    record::{OutboxRecord, PendingRecord},
};

/// Returns what a change of the outbox makes of a state, which stays as it is.
pub(super) fn resolve(
    state: &State,
    change: &OutboxChange,
    encoding: Encoding,
) -> Result<Effect, StoreError> {
    let mut working = Working::on(state);
    match change {
        OutboxChange::Enqueue(enqueue) => working.enqueue(enqueue)?,
        OutboxChange::Progress(steps) => working.progress(steps, encoding)?,
        _ => return Err(StoreError::Unsupported),
    }
    working.finish()
}

/// Returns true if a change may write rows, too.
pub(super) fn may_write_rows(change: &OutboxChange) -> bool {
    match change {
        OutboxChange::Progress(steps) => {
            steps.iter().any(|(_, progress)| *progress == Progress::SettledUnseen)
        }
        _ => false,
    }
}

/// A copy of a state while a change of the outbox runs on it.
struct Working<'a> {
    before: &'a State,
    next: State,
    slots: BTreeSet<Slot>,
    /// The conversations whose rows may be other than before.
    touched: BTreeSet<ConversationId>,
    outcomes: Vec<Outcome>,
    numbers: Vec<Option<u64>>,
    /// The write of rows, if any are other than before.
    base: Option<Write>,
}

impl<'a> Working<'a> {
    fn on(before: &'a State) -> Self {
        Self {
            before,
            next: before.clone(),
            slots: BTreeSet::new(),
            touched: BTreeSet::new(),
            outcomes: Vec::new(),
            numbers: Vec::new(),
            base: None,
        }
    }

    fn enqueue(&mut self, enqueue: &Enqueue) -> Result<(), StoreError> {
        if let Some(app) = enqueue.app {
            let before = Arc::clone(&self.next.outbox);
            let mut outbox = Outbox::clone(&before);
            let held = outbox.hold_others(app);
            self.next.outbox = Arc::new(outbox);
            self.outcomes.extend(held.outcomes);
            self.show(&before, held.slots);
        }
        for mutation in &enqueue.mutations {
            mutation.check(&self.next, &enqueue.limits)?;
            let before = Arc::clone(&self.next.outbox);
            let mut outbox = Outbox::clone(&before);
            let is_met = |mutation: &_| enqueue.trusts_list && self.next.is_met(mutation);
            let (app, queued_at, capacity) = (enqueue.app, enqueue.queued_at, &enqueue.capacity);
            let mutation = self.counted(app, mutation);
            let done = outbox.enqueue_for(app, mutation, queued_at, is_met, capacity)?;
            self.next.outbox = Arc::new(outbox);
            self.numbers.push(done.number);
            self.outcomes.extend(done.outcomes);
            self.show(&before, done.slots);
        }
        Ok(())
    }

    /// Returns a mutation with the number of messages that it reads of the list as it is now.
    fn counted(&self, app: Option<u64>, mutation: &Mutation) -> Mutation {
        let base = mutation.conversation_id().and_then(|id| self.next.base_row(id)).map(Row::base);
        let row = base.map(|base| self.next.suggestions.over(base));
        self.next.outbox.counted(app, mutation, row.as_deref())
    }

    fn progress(
        &mut self,
        steps: &[(u64, Progress)],
        encoding: Encoding,
    ) -> Result<(), StoreError> {
        let before = Arc::clone(&self.next.outbox);
        let mut outbox = Outbox::clone(&before);
        let (mut slots, mut settled) = (BTreeSet::new(), Vec::new());
        for (number, progress) in steps {
            if matches!(progress, Progress::Retry | Progress::RetryAt(_)) {
                outbox.check_retry(*number, &Capacity::default())?;
            }
            let done = outbox.progress(*number, progress.clone());
            slots.extend(done.slots);
            self.outcomes.extend(done.outcomes);
            settled.extend(done.settled);
        }
        self.next.outbox = Arc::new(outbox);
        let done = self.outcomes.iter().filter(|outcome| outcome.kind == OutcomeKind::Done);
        done.for_each(|outcome| read(&mut self.next.suggestions, &outcome.mutation));
        self.take_over(&settled, encoding)?;
        self.show(&before, slots);
        Ok(())
    }

    /// Shows the rows again that some slots are about.
    fn show(&mut self, before: &Outbox, slots: BTreeSet<Slot>) {
        let ids = affected(&self.next, before, &slots);
        ids.iter().for_each(|id| self.next.show_again(id));
        self.touched.extend(ids);
        self.slots.extend(slots);
    }

    fn finish(mut self) -> Result<Effect, StoreError> {
        let changes = changes(self.before, &self.next, &self.touched);
        let mut writes = Vec::from_iter(self.base.take());
        let last = writes.last().map(|write| write.seq);
        let seq = last.unwrap_or(self.before.written).max(self.before.seq).next();
        writes.extend(self.write(last.unwrap_or(self.before.written), seq)?);
        let written = writes.last().map_or(self.before.written, |write| write.seq);
        self.note_written(&changes, &writes, written);
        let publishes = !writes.is_empty();
        let number = if publishes { written } else { self.before.seq };
        let mut commit = Commit::new(number, Arc::clone(&self.next.sync));
        commit.written = written;
        commit.changes = changes;
        commit.outcomes = mem::take(&mut self.outcomes);
        commit.numbers = mem::take(&mut self.numbers);
        Ok(Effect::of_state(self.next, commit, writes))
    }

    /// Notes the rows that the change shows otherwise, and the slots that are now as stored.
    fn note_written(&mut self, changes: &[RowChange], writes: &[Write], written: Seq) {
        let ids = changes.iter().filter_map(RowChange::id);
        ids.for_each(|id| self.next.overlaid.note(id, written));
        if self.next.unstored.is_empty() {
            return;
        }
        let unstored = Arc::make_mut(&mut self.next.unstored);
        for write in writes {
            for record in write.put.iter().map(|(record, _)| record).chain(&write.delete) {
                if let Record::Pending(slot) = record {
                    unstored.remove(slot);
                }
            }
        }
    }

    /// Returns the write of the changed slots; `None` if their mutations are the same as before.
    fn write(&self, expected: Seq, seq: Seq) -> Result<Option<Write>, StoreError> {
        let (old, new) = (&self.before.outbox, &self.next.outbox);
        let mut write = Write::new(expected, seq);
        for slot in &self.slots {
            if old.of_slot(slot).eq(new.of_slot(slot)) {
                continue;
            }
            let record = Record::Pending(slot.clone());
            let pending: Vec<_> = new.of_slot(slot).map(|one| one.as_ref().clone()).collect();
            if pending.is_empty() {
                write.delete.push(record);
            } else {
                write.put.push((record, PendingRecord::new(pending).encode(seq)?));
            }
        }
        if old.last_number() != new.last_number() || !write.delete.is_empty() {
            // A record that is gone no longer carries the number of its write.
            let record = OutboxRecord::new(new.last_number()).encode(seq)?;
            write.put.push((Record::Outbox, record));
        }
        Ok(Some(write).filter(|write| !write.put.is_empty()))
    }
}

/// Counts messages that events stated as read once the cloud has read them. The base may take over that
/// nothing is unread without a pass, which alone ends what events stated.
pub(super) fn read(suggestions: &mut Suggestions, done: &Mutation) {
    if let Mutation::Read { id, until, .. } = done {
        suggestions.read_to(id, until.time);
    }
}

/// Returns the changes of rows from one state to another, in order of their IDs.
pub(super) fn changes(
    before: &State,
    after: &State,
    touched: &BTreeSet<ConversationId>,
) -> Vec<RowChange> {
    let change = |id: &ConversationId| {
        placed::change(before.rows.get(id), after.rows.get(id), Removal::Deleted)
    };
    touched.iter().filter_map(change).collect()
}

/// Returns the conversations whose rows may show something else after mutations of some slots
/// changed, from those of an older outbox to those of the state.
pub(super) fn affected(
    state: &State,
    before: &Outbox,
    slots: &BTreeSet<Slot>,
) -> BTreeSet<ConversationId> {
    let own = slots.iter().filter_map(Slot::conversation_id);
    let mut ids: BTreeSet<_> = own.cloned().collect();
    if slots.iter().all(|slot| slot.conversation_id().is_some()) {
        return ids;
    }
    // Groups change the names of one another: a row may get one name by way of a second.
    let outboxes = [before, &state.outbox];
    let names: BTreeSet<&str> = outboxes
        .iter()
        .flat_map(|outbox| outbox.of_groups())
        .flat_map(|pending| pending.mutation.group_names())
        .map(GroupName::as_str)
        .collect();
    for pending in outboxes.iter().flat_map(|outbox| outbox.pending()) {
        if let Slot::Conversation(id, Aspect::Member(name)) = pending.mutation.slot() {
            ids.extend(names.contains(name.as_str()).then_some(id));
        }
    }
    let is_in = |name: &Arc<str>| names.contains(&**name);
    for row in state.base_rows() {
        if row.base().listing.groups.iter().chain(row.groups()).any(is_in) {
            ids.insert(row.base().id.clone());
        }
    }
    ids
}
