//! Batches: the requested IDs against the answers.

use std::collections::{HashMap, VecDeque};

use conv_model::{
    ConversationId, ConversationPatch, ConversationType, ErrorClass, GroupIdKind, Peer,
};

use super::unsupported;
use crate::{Hydrated, SourceError};

/// The IDs still to ask for, in parts that shrink when the cloud cannot answer them whole.
pub(super) struct Batches<'a> {
    parts: VecDeque<&'a [ConversationId]>,
    /// The number of splits left: enough to find a few bad IDs without a call per ID.
    splits: u32,
}

const MAX_SPLITS: u32 = 24;

impl<'a> Batches<'a> {
    /// Divides IDs into parts of at most `size`.
    pub(super) fn new(ids: &'a [ConversationId], size: usize) -> Self {
        Self { parts: ids.chunks(size.max(1)).collect(), splits: MAX_SPLITS }
    }

    pub(super) fn next(&mut self) -> Option<&'a [ConversationId]> {
        self.parts.pop_front()
    }

    /// Puts a part back in two halves. Returns `false` if it cannot be halved, or no splits are
    /// left.
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

/// Sorts IDs into users and groups. Those that no command can answer are added to the failed.
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

/// Refuses an ID that no command can answer.
pub(super) fn refuse(id: &ConversationId) -> Result<(), SourceError> {
    match id.peer() {
        Peer::System => Err(of_system()),
        Peer::Group(group) if group.kind() == GroupIdKind::Topic => Err(unsupported("topics")),
        _ => Ok(()),
    }
}

/// Returns the error for the system conversation, which the cloud does not know.
pub(super) fn of_system() -> SourceError {
    SourceError::InvalidArgument { what: "the system conversation has no peer".to_owned() }
}

/// Assigns the answers to the IDs of a part. Drops answers to other IDs; an ID without an answer
/// has failed.
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

/// Marks every ID of a part as failed with the same error.
pub(super) fn fail(hydrated: &mut Hydrated, part: &[ConversationId], error: &SourceError) {
    let failed = part.iter().map(|id| (id.clone(), error.clone()));
    hydrated.failed.extend(failed);
}

/// Returns the ID without its prefix, as the cloud's commands take it.
pub(super) fn peer(id: &ConversationId) -> &str {
    match id.peer() {
        Peer::User(user) => user.as_str(),
        Peer::Group(group) => group.as_str(),
        Peer::System => "",
    }
}

/// Returns the error of an ID whose call was about it alone.
pub(super) fn of_one(error: SourceError) -> SourceError {
    match error.class() {
        ErrorClass::NotFound => SourceError::NotFound,
        _ => error,
    }
}

fn unanswered() -> SourceError {
    SourceError::Protocol { what: "a reply that omits a requested item".to_owned() }
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
