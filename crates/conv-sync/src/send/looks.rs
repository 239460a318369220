//! Groups are looked at before one is created or renamed: the cloud does not document whether a
//! repeat of these merges, replaces or fails.

use std::{sync::Arc, time::Duration};

use conv_model::{
    ErrorClass, GroupName, GroupTarget, Mutation, MutationFailure, Pending, Progress,
};

use super::{
    Flight, SendEffect, SendId, SendView, Sender, Stage, launch::sending, meaning::NO_SUCH_GROUP,
};
use crate::{Groups, SourceError, WriteCall};

impl Sender {
    pub(super) fn on_looked(
        &mut self,
        now: Duration,
        id: SendId,
        answer: Result<Groups, SourceError>,
        view: &dyn SendView,
        out: &mut Vec<SendEffect>,
    ) {
        let looks = |flight: &Flight| matches!(flight.stage, Stage::Looking | Stage::Naming(_));
        if !self.flights.get(&id).is_some_and(looks) {
            return;
        }
        let Some(mut flight) = self.flights.remove(&id) else { return };
        if let Stage::Naming(failed) = &flight.stage {
            let groups = answer.unwrap_or_default();
            for (number, failure) in failed {
                self.unstored.push((*number, Progress::Failed(naming(failure, &groups))));
            }
            return;
        }
        let sending = sending(view, &flight.numbers);
        let Some(pending) = sending.first() else { return };
        let groups = match answer {
            Ok(groups) => groups,
            Err(error) => return self.on_refused(now, &flight, &sending, &error, out),
        };
        match verdict(pending, &groups) {
            Verdict::Done => self.done(now, pending),
            Verdict::Failed(failure) => {
                self.unstored.push((pending.number, Progress::Failed(failure)));
            }
            Verdict::Create(name) => {
                let members = self.first_members(pending, view);
                if members.is_empty() {
                    flight.stage = Stage::Calling;
                    self.flights.insert(id, flight);
                    let write = WriteCall::CreateGroup { name, ids: Vec::new() };
                    return out.push(SendEffect::Call { call: id, write });
                }
                for number in &members {
                    self.unstored.push((*number, Progress::Sending));
                }
                flight.numbers.extend(members);
                flight.stage = Stage::Gathering;
                self.flights.insert(id, flight);
                self.waiting.push(id);
            }
            Verdict::Rename(old, new) => {
                flight.stage = Stage::Calling;
                self.flights.insert(id, flight);
                let write = WriteCall::RenameGroup { old, new };
                out.push(SendEffect::Call { call: id, write });
            }
        }
    }

    /// The members that are sent with the creation of their group; the others follow it.
    fn first_members(&self, created: &Pending, view: &dyn SendView) -> Vec<u64> {
        let limit = self.batch_of(crate::WriteKind::CreateGroup).min(self.most_of(created.number));
        let members = view.outbox().first_members(created).into_iter();
        let free = members
            .filter(|member| !self.pauses.is_paused(member.number, crate::WriteKind::Members));
        free.take(limit).map(|member| member.number).collect()
    }
}

enum Verdict {
    Done,
    Failed(MutationFailure),
    Create(GroupName),
    Rename(GroupName, GroupName),
}

fn verdict(pending: &Pending, groups: &Groups) -> Verdict {
    let Mutation::Group { group_name, target } = &pending.mutation else { return Verdict::Done };
    let exists = |name: &GroupName| has(groups, name);
    match target {
        GroupTarget::Present if exists(group_name) => Verdict::Done,
        GroupTarget::Present => Verdict::Create(group_name.clone()),
        GroupTarget::Named(new) => match (exists(group_name), exists(new)) {
            (true, false) => Verdict::Rename(group_name.clone(), new.clone()),
            // An earlier call was applied, and its answer lost.
            (false, true) if pending.is_uncertain => Verdict::Done,
            (true, true) => {
                let what = format!("a conversation group {new:?} exists already");
                let failure = MutationFailure::new(ErrorClass::InvalidArgument, None, what);
                Verdict::Failed(naming(&failure, groups))
            }
            (false, _) => Verdict::Failed(no_such_group(group_name, groups)),
        },
        _ => Verdict::Done,
    }
}

fn has(groups: &Groups, name: &GroupName) -> bool {
    groups.names.iter().any(|(_, known)| **known == *name.as_str())
}

fn no_such_group(name: &GroupName, groups: &Groups) -> MutationFailure {
    let what = format!("no conversation group {name:?}");
    naming(&MutationFailure::new(ErrorClass::NotFound, Some(NO_SUCH_GROUP), what), groups)
}

/// Adds the groups that exist: the one that is missing may have another name now.
fn naming(failure: &MutationFailure, groups: &Groups) -> MutationFailure {
    let names: Vec<&Arc<str>> = groups.names.iter().map(|(_, name)| name).collect();
    let message = match names.is_empty() {
        true => Arc::clone(&failure.message),
        false => format!("{}; the groups are {names:?}", failure.message).into(),
    };
    MutationFailure::new(failure.class, failure.code, message)
}
