//! From mutations that are stored as being sent to the call that carries them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use conv_model::{
    Conversation, ConversationId, ErrorClass, GroupName, GroupTarget, IfNewer, Mutation,
    MutationFailure, Pending, PendingState, Progress, Timestamp, overlay,
};

use super::{SendEffect, SendId, SendView, Sender, Stage, interrupted, plan::looks_first};
use crate::{MarkItem, WriteCall, WriteKind};

/// The decision about a mutation that is about to go out alone.
enum Decision {
    Send(WriteCall),
    /// The cloud has the value.
    Done,
    /// No call would change anything, and the cloud was told nothing.
    NoCall,
    GiveUp,
}

impl Sender {
    /// The progress is stored: what waited for that goes out.
    pub(super) fn on_applied(
        &mut self,
        now: Duration,
        view: &dyn SendView,
        out: &mut Vec<SendEffect>,
    ) {
        for id in self.storing.take().unwrap_or_default() {
            self.launch(now, id, view, out);
        }
    }

    /// Lets a call go out, with those of its mutations that are still wanted: between the plan and
    /// the store's write, their owner may have taken them back.
    fn launch(
        &mut self,
        now: Duration,
        id: SendId,
        view: &dyn SendView,
        out: &mut Vec<SendEffect>,
    ) {
        let Some(mut flight) = self.flights.remove(&id) else { return };
        let sending = sending(view, &flight.numbers);
        flight.numbers = sending.iter().map(|pending| pending.number).collect();
        let Some(first) = sending.first() else { return };
        // Another process took the creation of a group for abandoned: its first members wait for it.
        if WriteKind::of(&first.mutation) != Some(flight.kind) {
            let back = Progress::Returned { failure: interrupted(), is_uncertain: false };
            self.unstored.extend(flight.numbers.iter().map(|number| (*number, back.clone())));
            return;
        }
        if let Some(failure) = &self.held {
            let held = flight.numbers.iter();
            self.unstored.extend(held.map(|number| (*number, Progress::Held(failure.clone()))));
            return;
        }
        // The device may have been suspended since.
        if flight.stage == Stage::Storing && self.needs_pass(now, first, view) {
            let back = flight.numbers.iter();
            self.unstored.extend(back.map(|number| (*number, Progress::Unsent(too_old()))));
            return;
        }
        if flight.stage == Stage::Storing && looks_first(&first.mutation) {
            flight.stage = Stage::Looking;
            self.tried.extend(&flight.numbers);
            self.flights.insert(id, flight);
            return out.push(SendEffect::Look { call: id });
        }
        match self.decide(&sending, view) {
            Decision::Send(write) => {
                flight.stage = Stage::Calling;
                self.tried.extend(&flight.numbers);
                self.flights.insert(id, flight);
                out.push(SendEffect::Call { call: id, write });
            }
            Decision::Done => self.done(now, first),
            Decision::NoCall => self.unstored.push((first.number, Progress::SettledUnseen)),
            Decision::GiveUp => self.unstored.push((first.number, Progress::Failed(newer()))),
        }
    }

    fn decide(&self, sending: &[Arc<Pending>], view: &dyn SendView) -> Decision {
        let Some(first) = sending.first() else { return Decision::Done };
        match &first.mutation {
            Mutation::Delete { id, seen, clears_history, if_newer } => {
                let delete = |clears_history, seen| {
                    let (id, if_newer) = (id.clone(), *if_newer);
                    Decision::Send(WriteCall::Delete { id, clears_history, seen, if_newer })
                };
                match (view.base(id), if_newer) {
                    // It was sent, and a pass shows no row: that is what it was sent for. To repeat
                    // it could take the history of messages that came since. From a list that is cut
                    // the row may be missing for another reason: a newer message would show it.
                    (None, _) if first.is_uncertain && view.has_all_rows() => Decision::Done,
                    (Some(row), IfNewer::GiveUp) if is_newer(&row, *seen) => Decision::GiveUp,
                    (Some(row), IfNewer::KeepHistory) if is_newer(&row, *seen) => {
                        delete(false, None)
                    }
                    (_, IfNewer::Delete) => delete(*clears_history, None),
                    _ => delete(*clears_history, Some(*seen)),
                }
            }
            // The cloud may take a reading back that is older than one it acknowledged.
            Mutation::Read { id, until, .. }
                if self.read_to.get(id).is_some_and(|read| read.max(*until) == *read) =>
            {
                Decision::Done
            }
            read @ Mutation::Read { .. } if changes_no_count(read, view) => Decision::NoCall,
            _ => call_of(sending, view).map_or(Decision::GiveUp, Decision::Send),
        }
    }
}

/// Returns those mutations that the outbox has as being sent, in the order they were accepted.
pub(super) fn sending(view: &dyn SendView, numbers: &[u64]) -> Vec<Arc<Pending>> {
    let is_asked = |pending: &&Arc<Pending>| {
        pending.state == PendingState::Sending && numbers.contains(&pending.number)
    };
    let mut sending: Vec<_> = view.outbox().pending().filter(is_asked).cloned().collect();
    // A group comes before its first members.
    sending.sort_by_key(|pending| (pending.mutation.conversation_id().is_some(), pending.number));
    sending
}

fn is_newer(row: &Conversation, seen: Timestamp) -> bool {
    row.listing.time.is_some_and(|time| time > seen)
}

/// Returns true if a reading of a group leaves all messages unread that are: the cloud takes their number
/// alone, and setting the known one could read messages that came since.
fn changes_no_count(read: &Mutation, view: &dyn SendView) -> bool {
    let Mutation::Read { id, until, count: 0 } = read else { return false };
    let Some(row) = id.group_id().and_then(|_| view.base(id)) else { return false };
    let message = row.last_message.value().and_then(|message| message.time);
    row.unread.count.is_some() && message.max(row.listing.time).is_some_and(|it| it > until.time)
}

fn too_old() -> MutationFailure {
    let what = "not sent yet: the list was read too long ago";
    MutationFailure::new(ErrorClass::Transient, None, what)
}

fn newer() -> MutationFailure {
    let what = "not deleted: a message came that the user had not seen";
    MutationFailure::new(ErrorClass::Cancelled, None, what)
}

/// Returns the call that carries mutations of one kind; the first says which.
fn call_of(sending: &[Arc<Pending>], view: &dyn SendView) -> Option<WriteCall> {
    let first = sending.first()?;
    let ids = || sending.iter().filter_map(|one| one.mutation.conversation_id().cloned());
    Some(match &first.mutation {
        Mutation::Pin { is_pinned, .. } => {
            WriteCall::Pin { ids: ids().collect(), is_pinned: *is_pinned }
        }
        Mutation::Mark { .. } => WriteCall::Mark { items: mark_items(sending) },
        Mutation::CustomData { .. } => {
            let items = sending.iter().filter_map(|one| match &one.mutation {
                Mutation::CustomData { id, custom_data } => {
                    Some((id.clone(), Arc::clone(custom_data)))
                }
                _ => None,
            });
            WriteCall::CustomData { items: items.collect() }
        }
        Mutation::Member { group_name, .. } => members(group_name, sending),
        Mutation::Group { group_name, target } => match target {
            GroupTarget::Present => {
                WriteCall::CreateGroup { name: group_name.clone(), ids: ids().collect() }
            }
            GroupTarget::Absent => WriteCall::DeleteGroup { name: group_name.clone() },
            GroupTarget::Named(new) => {
                WriteCall::RenameGroup { old: group_name.clone(), new: new.clone() }
            }
            _ => return None,
        },
        Mutation::Read { id, until, .. } => {
            let shown = view.base(id).and_then(|row| overlay(&row, [&first.mutation]));
            let unread = shown.and_then(|row| row.unread.count);
            WriteCall::Read { id: id.clone(), until: *until, unread }
        }
        Mutation::Remind { id, remind_type } => {
            WriteCall::Remind { id: id.clone(), remind_type: remind_type.clone() }
        }
        _ => return None,
    })
}

fn members(name: &GroupName, sending: &[Arc<Pending>]) -> WriteCall {
    let items = sending.iter().filter_map(|one| match &one.mutation {
        Mutation::Member { id, is_member, .. } => Some((id.clone(), *is_member)),
        _ => None,
    });
    WriteCall::Members { name: name.clone(), items: items.collect() }
}

/// The marks of one conversation go out as one item.
fn mark_items(sending: &[Arc<Pending>]) -> Vec<MarkItem> {
    let mut order: Vec<&ConversationId> = Vec::new();
    let mut items: BTreeMap<&ConversationId, MarkItem> = BTreeMap::new();
    for pending in sending {
        let Mutation::Mark { id, mark_type, is_set } = &pending.mutation else { continue };
        let item = items.entry(id).or_insert_with(|| {
            order.push(id);
            MarkItem::new(id.clone())
        });
        let marks = if *is_set { &mut item.set } else { &mut item.clear };
        *marks = marks.with(*mark_type);
    }
    order.into_iter().filter_map(|id| items.remove(id)).collect()
}

/// Returns the number of conversations that a call had.
pub(super) fn conversations(sending: &[Arc<Pending>]) -> usize {
    let ids = sending.iter().filter_map(|pending| pending.mutation.conversation_id());
    ids.collect::<BTreeSet<_>>().len()
}
