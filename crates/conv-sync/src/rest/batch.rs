//! Batches: what was asked for, against what was answered.

use std::collections::{HashMap, VecDeque};

use conv_model::{
    ConversationId, ConversationPatch, ConversationType, ErrorClass, GroupIdKind, Peer,
};

use super::unsupported;
use crate::{Hydrated, SourceError};

/// What is left to ask for, in parts that shrink when the cloud cannot answer them whole.
pub(super) struct Batches<'a> {
    parts: VecDeque<&'a [ConversationId]>,
    /// Splits that may still be made: enough to find a few bad ones, and not a call for each.
    splits: u32,
}

const MAX_SPLITS: u32 = 24;

impl<'a> Batches<'a> {
    /// In parts of at most `size`.
    pub(super) fn new(ids: &'a [ConversationId], size: usize) -> Self {
        Self { parts: ids.chunks(size.max(1)).collect(), splits: MAX_SPLITS }
    }

    pub(super) fn next(&mut self) -> Option<&'a [ConversationId]> {
        self.parts.pop_front()
    }

    /// Puts a part back in two halves; `false` if it cannot be halved, or not again.
    pub(super) fn split(&mut self, part: &'a [ConversationId]) -> bool {
        if part.len() < 2 || self.splits == 0 {
            return false;
        }
        self.splits -= 1;
        let (first, second) = part.split_at(part.len() / 2);
        self.parts.push_front(second);
        self.parts.push_front(first);
        true
    }
}

/// Users and groups; what the commands have no answer for has failed.
pub(super) fn by_kind(
    ids: &[ConversationId],
    hydrated: &mut Hydrated,
) -> (Vec<ConversationId>, Vec<ConversationId>) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for id in ids {
        match refuse(id) {
            Err(error) => hydrated.failed.push((id.clone(), error)),
            Ok(()) if id.conversation_type() == ConversationType::Group => groups.push(id.clone()),
            Ok(()) => users.push(id.clone()),
        }
    }
    (users, groups)
}

/// Refuses what the commands have no answer for.
pub(super) fn refuse(id: &ConversationId) -> Result<(), SourceError> {
    match id.peer() {
        Peer::System => Err(of_nobody()),
        Peer::Group(group) if group.kind() == GroupIdKind::Topic => Err(unsupported("topics")),
        _ => Ok(()),
    }
}

/// The cloud does not know the system conversation.
pub(super) fn of_nobody() -> SourceError {
    SourceError::InvalidArgument { what: "the system conversation is nobody's".to_owned() }
}

/// Sorts the answers to a part by the IDs that were asked for. What nobody asked for is dropped,
/// what was not answered has failed.
pub(super) fn sort<T>(
    hydrated: &mut Hydrated,
    part: &[ConversationId],
    answers: &HashMap<String, Result<T, SourceError>>,
    patch: impl Fn(ConversationId, &T) -> ConversationPatch,
) {
    for id in part {
        match answers.get(peer(id)) {
            Some(Ok(answer)) => hydrated.found.push(patch(id.clone(), answer)),
            Some(Err(error)) => hydrated.failed.push((id.clone(), error.clone())),
            None => hydrated.failed.push((id.clone(), unanswered())),
        }
    }
}

/// Every ID of a part failed for the same reason.
pub(super) fn fail(hydrated: &mut Hydrated, part: &[ConversationId], error: &SourceError) {
    let failed = part.iter().map(|id| (id.clone(), error.clone()));
    hydrated.failed.extend(failed);
}

/// The ID as the cloud's commands want it: without its prefix.
pub(super) fn peer(id: &ConversationId) -> &str {
    match id.peer() {
        Peer::User(user) => user.as_str(),
        Peer::Group(group) => group.as_str(),
        Peer::System => "",
    }
}

/// The error of a call about one ID alone.
pub(super) fn of_one(error: SourceError) -> SourceError {
    match error.class() {
        ErrorClass::NotFound => SourceError::NotFound,
        _ => error,
    }
}

fn unanswered() -> SourceError {
    SourceError::Protocol { what: "a reply that leaves out what was asked for".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<ConversationId> {
        let id = |number| ConversationId::c2c(&format!("u{number}")).unwrap();
        (0..count).map(id).collect()
    }

    #[test]
    fn halving_finds_one_bad_id_among_a_hundred() {
        let ids = ids(100);
        let mut batches = Batches::new(&ids, 100);
        let (mut calls, mut good, mut bad) = (0, 0, Vec::new());
        while let Some(part) = batches.next() {
            calls += 1;
            match part.iter().any(|id| id.as_str() == "C2Cu42") {
                false => good += part.len(),
                true if batches.split(part) => {}
                true => bad.extend(part),
            }
        }
        assert_eq!((good, bad.len()), (99, 1));
        assert!(calls <= 15, "{calls}");
    }

    #[test]
    fn splitting_ends() {
        let ids = ids(100);
        let mut batches = Batches::new(&ids, 50);
        let (mut calls, mut failed) = (0, 0);
        while let Some(part) = batches.next() {
            calls += 1;
            if !batches.split(part) {
                failed += part.len();
            }
        }
        assert_eq!(failed, 100);
        assert!(calls <= 2 + 2 * MAX_SPLITS, "{calls}");
    }
}
