//! Last messages.
//!
//! `admin_getroammsg` answers as the account sees the conversation. `group_msg_get_simple` answers
//! an administrator, who sees every group, so this module decides what the account may see: nothing
//! of a group that it is not in, and nothing from before it joined.

use std::sync::Arc;

use conv_model::{
    AccountId, ConversationId, ConversationPatch, Known, LastMessage, Peer, Timestamp,
};
use futures_util::future::join_all;

use super::{
    RestSource, batch, codes,
    membership::{Memberships, Standing},
    unsupported,
    wire::{group_messages, roaming},
};
use crate::{Hydrated, Retry, SourceError};

/// The number of conversations read side by side, one call each.
const AT_A_TIME: usize = 8;

/// The result of one conversation's call: `None` if the account sees no message in it. An error if
/// a later call would fail as well, or the reply cannot be read.
type Answer = Result<Option<LastMessage>, SourceError>;

impl RestSource {
    /// Reads the last messages of some conversations. A conversation in which the account sees no
    /// message is known to have none. A lost call costs only its own conversation; if all calls
    /// made at the same time are lost, it makes no further ones.
    pub(super) async fn hydrate_last_messages(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
    ) -> Result<Hydrated, SourceError> {
        let mut hydrated = Hydrated::default();
        let memberships = match ids.iter().any(|id| id.group_id().is_some()) {
            true => Some(self.memberships(account, ids).await?),
            false => None,
        };
        let mut parts = ids.chunks(AT_A_TIME);
        while let Some(part) = parts.next() {
            let calls = part.iter().map(|id| self.last_message(account, id, memberships.as_ref()));
            let answers = join_all(calls).await;
            let lost = why_all_are_lost(&answers);
            for (id, answer) in part.iter().zip(answers) {
                keep(&mut hydrated, id, answer.and_then(|answer| answer));
            }
            match lost {
                None => {}
                Some(error) if hydrated.found.is_empty() => return Err(error),
                Some(error) => parts.by_ref().for_each(|p| batch::fail(&mut hydrated, p, &error)),
            }
        }
        Ok(hydrated)
    }

    /// Asks again at once if a new UserSig may help; otherwise an expired one would cost all calls
    /// made side by side.
    ///
    /// # Errors
    /// If the call was lost and may succeed later.
    async fn last_message(
        &self,
        account: &AccountId,
        id: &ConversationId,
        memberships: Option<&Memberships>,
    ) -> Result<Answer, SourceError> {
        match self.ask(account, id, memberships).await {
            Err(error) if error.retry() == Retry::Reauthenticate => {
                self.ask(account, id, memberships).await
            }
            answer => answer,
        }
    }

    async fn ask(
        &self,
        account: &AccountId,
        id: &ConversationId,
        memberships: Option<&Memberships>,
    ) -> Result<Answer, SourceError> {
        let answer = match id.peer() {
            Peer::System => return Ok(Err(batch::of_system())),
            Peer::User(user) => {
                let until = self.caller.time.latest();
                let command = roaming::Request::last(account, user.as_str(), until);
                self.caller.call(&command).await
            }
            Peer::Group(group) => {
                let from = match memberships.map_or(Ok(None), |known| joined(known, id)) {
                    Ok(Some(from)) => from,
                    Ok(None) => return Ok(Ok(None)),
                    Err(error) => return Ok(Err(error)),
                };
                let command = group_messages::Request::last(group, from);
                self.caller.call(&command).await
            }
        };
        match answer {
            Err(error) if !error.may_succeed_later() => Ok(Err(of_one(error))),
            answer => answer.map(|(message, _)| message),
        }
    }
}

/// Returns when the account joined a group; `None` if it is not in it.
///
/// # Errors
/// If that is unknown; the message is then not shown.
fn joined(
    memberships: &Memberships,
    id: &ConversationId,
) -> Result<Option<Timestamp>, SourceError> {
    match memberships.standing(id)? {
        Standing::Stranger => Ok(None),
        Standing::Member(member) => member
            .joined
            .map(Some)
            .ok_or_else(|| SourceError::Protocol { what: "a group without JoinTime".to_owned() }),
    }
}

fn keep(hydrated: &mut Hydrated, id: &ConversationId, answer: Answer) {
    match answer {
        Ok(message) => {
            let mut patch = ConversationPatch::new(id.clone());
            patch.last_message = Known::from(message.map(Arc::new));
            hydrated.found.push(patch);
        }
        Err(error) => hydrated.failed.push((id.clone(), error)),
    }
}

/// Returns the first error if all calls were lost.
fn why_all_are_lost(answers: &[Result<Answer, SourceError>]) -> Option<SourceError> {
    let first = answers.first()?.as_ref().err()?;
    answers.iter().all(Result::is_err).then(|| first.clone())
}

/// Returns the error of one conversation. An admin may read every group that keeps its messages, so
/// a group that may not be read keeps none. Tencent documents no code for AVChatRooms; this is our
/// reading.
fn of_one(error: SourceError) -> SourceError {
    match error.code() {
        Some(codes::GROUP_NO_RIGHT) => unsupported("last messages of this group"),
        _ => batch::of_one(error),
    }
}
