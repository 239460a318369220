//! Last messages.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, ConversationPatch, Known, LastMessage, Peer};

use super::{
    RestSource, batch, codes, few, unsupported,
    wire::{group_messages, roaming},
};
use crate::{Hydrated, SourceError};

/// Conversations asked about side by side: each takes a call of its own.
const AT_A_TIME: usize = 8;

/// What a call taught of one conversation. It fails by itself if the cloud would not say more at
/// another time either, or said what cannot be read.
type Answer = Result<Option<LastMessage>, SourceError>;

impl RestSource {
    /// A conversation without a message is neither found nor failed. A lost call costs its own
    /// conversation alone; when all calls made side by side are lost, no more are made.
    pub(super) async fn hydrate_last_messages(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
    ) -> Result<Hydrated, SourceError> {
        let mut hydrated = Hydrated::default();
        let mut parts = ids.chunks(AT_A_TIME);
        while let Some(part) = parts.next() {
            let calls: Vec<_> = part.iter().map(|id| self.last_message(account, id)).collect();
            let answers = few::all(calls).await;
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

    /// # Errors
    /// If the call was lost: another time it may be answered.
    async fn last_message(
        &self,
        account: &AccountId,
        id: &ConversationId,
    ) -> Result<Answer, SourceError> {
        let answer = match id.peer() {
            Peer::System => return Ok(Err(batch::of_nobody())),
            Peer::User(user) => {
                let now = self.caller.time.now();
                let command = roaming::Request::last(account, user.as_str(), now);
                self.caller.call(&command).await
            }
            Peer::Group(group) => {
                let command = group_messages::Request::last(group);
                self.caller.call(&command).await
            }
        };
        match answer {
            Err(error) if !error.may_pass() => Ok(Err(of_one(error))),
            answer => answer.map(|(message, _)| message),
        }
    }
}

fn keep(hydrated: &mut Hydrated, id: &ConversationId, answer: Answer) {
    match answer {
        Ok(Some(message)) => {
            let mut patch = ConversationPatch::new(id.clone());
            patch.last_message = Known::Value(Arc::new(message));
            hydrated.found.push(patch);
        }
        Ok(None) => {}
        Err(error) => hydrated.failed.push((id.clone(), error)),
    }
}

/// The first error, if all calls were lost.
fn why_all_are_lost(answers: &[Result<Answer, SourceError>]) -> Option<SourceError> {
    let first = answers.first()?.as_ref().err()?;
    answers.iter().all(Result::is_err).then(|| first.clone())
}

/// An admin may read every group that keeps its messages: one that may not be read keeps none.
/// Tencent documents no code for AVChatRooms; this is our reading.
fn of_one(error: SourceError) -> SourceError {
    match error.code() {
        Some(codes::GROUP_NO_RIGHT) => unsupported("last messages of this group"),
        _ => batch::of_one(error),
    }
}
