//! Prints the outcomes of changes.

use std::borrow::Cow;

use conv_api::{
    Accepted, Change, Conversations, ErrorClass, FailedConversation, MutationFailure, OutcomeKind,
    Pending, PendingState,
};
use serde::Serialize;

use super::{changes, harmless::harmless};
use crate::{
    Error, Output,
    error::number_of,
    sending::{Ended, is_unsent},
};

/// The SDK's code for a conversation that the list does not have.
const NOT_LISTED: i32 = 2500;

/// The change, in words.
#[derive(Debug)]
pub(crate) enum What {
    /// The verb for each conversation: `pinned`.
    Each(&'static str),
    /// All of it, of a conversation group as a whole: `deleted group Press`.
    Whole(String),
}

/// The outcome of changes.
#[derive(Debug)]
pub(crate) struct Changed {
    what: What,
    accepted: Accepted,
    /// Nothing had to be sent.
    is_unchanged: bool,
    /// The cloud's refusal of a group as a whole.
    refused: Option<MutationFailure>,
    /// The changes that are not over.
    pending: Vec<Pending>,
    unsent: Unsent,
}

/// The reason why some changes are not sent.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// As the user wanted, in words.
    Wanted(&'static str),
    /// The wait for the cloud ended so.
    Waited(Ended),
}

/// The `data` of the answer: the SDK's lists, and how far the changes have come.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(flatten)]
    accepted: Option<&'a Accepted>,
    is_sent: bool,
    is_unchanged: bool,
    pending: &'a [Pending],
}

impl Changed {
    /// Sorts changes by what became of them. Those that the cloud refused are failures.
    pub(crate) async fn of(
        what: What,
        accepted: Accepted,
        unsent: Unsent,
        list: &Conversations,
    ) -> Result<Self, Error> {
        let is_unchanged = !accepted.changes.is_empty() && accepted.is_unchanged();
        let (refused, pending) = (None, Vec::new());
        let mut changed = Self { what, accepted, is_unchanged, refused, pending, unsent };
        for change in std::mem::take(&mut changed.accepted.changes) {
            match change.pending() {
                Some(pending) if pending.state != PendingState::Failed => {
                    changed.pending.push(pending);
                }
                _ => changed.ended(&change, list).await?,
            }
        }
        Ok(changed)
    }

    /// Takes note of a change that is over.
    async fn ended(&mut self, change: &Change, list: &Conversations) -> Result<(), Error> {
        let failure = match change.outcome().await? {
            OutcomeKind::Failed(failure) => failure,
            OutcomeKind::Expired => {
                MutationFailure::new(ErrorClass::Transient, None, "not sent in time")
            }
            _ => return Ok(()),
        };
        match change.mutation().conversation_id() {
            Some(id) => {
                let listed = &mut self.accepted.success_conversation_id_list;
                listed.retain(|listed| listed != id);
                let MutationFailure { class, message, .. } = &failure;
                let failed =
                    FailedConversation::new(id.clone(), *class, number_of(&failure), &**message);
                self.accepted.failure_conversation_id_list.push(failed);
            }
            None => self.refused = Some(failure),
        }
        // It is said here: nothing is left for the outbox to say.
        if let Some(change) = change.number().and_then(|number| list.change(number)) {
            change.drop().await?;
        }
        Ok(())
    }

    /// Prints the outcomes of the changes.
    ///
    /// # Errors
    /// If one of them is refused, or not sent although it should be: with the answer's `data`.
    pub(crate) fn show(self, output: &Output) -> Result<(), Error> {
        let error = self.error();
        if !output.is_json() {
            self.show_text(output)?;
        }
        self.note(output);
        self.note_refused(error.as_ref(), output);
        let data = self.data();
        match error {
            Some(error) => {
                let data = serde_json::to_value(&data).unwrap_or_default();
                Err(Error::With { error: Box::new(error), data })
            }
            None if output.is_json() => output.data(&data),
            None => Ok(()),
        }
    }

    fn data(&self) -> Data<'_> {
        let is_each = matches!(self.what, What::Each(_));
        let accepted = is_each.then_some(&self.accepted);
        let is_acknowledged = self.is_any_accepted() && !self.pending.iter().any(is_unsent);
        let is_unchanged = self.is_unchanged;
        let is_sent = is_acknowledged && !is_unchanged;
        Data { accepted, is_sent, is_unchanged, pending: &self.pending }
    }

    fn is_any_accepted(&self) -> bool {
        match self.what {
            What::Each(_) => !self.accepted.success_conversation_id_list.is_empty(),
            What::Whole(_) => self.refused.is_none(),
        }
    }

    fn show_text(&self, output: &Output) -> Result<(), Error> {
        if self.is_any_accepted() {
            let lines = match &self.what {
                What::Whole(words) => harmless(words).into_owned(),
                What::Each(verb) => {
                    let ids = self.accepted.success_conversation_id_list.iter();
                    ids.map(|id| format!("{verb} {id}")).collect::<Vec<_>>().join("\n")
                }
            };
            output.text(&lines)?;
        }
        Ok(())
    }

    /// Says how far unsent changes have come, and what sends them.
    fn note(&self, output: &Output) {
        let unsent = self.unsent();
        match &self.unsent {
            _ if self.is_unchanged => output.note("nothing had to be sent: it is so already"),
            _ if unsent.is_empty() => {}
            Unsent::Wanted(why) => {
                output.note(&format!("not sent yet ({why}): {}", changes::kept(&unsent)));
            }
            // The error has it.
            Unsent::Waited(Ended::Interrupted) => {}
            Unsent::Waited(_) => output.note(&changes::kept(&unsent)),
        }
    }

    /// Names the conversations that were refused, if the error has another reason.
    fn note_refused(&self, error: Option<&Error>, output: &Output) {
        let is_said = matches!(error, None | Some(Error::Unchanged { .. }));
        let failed = &self.accepted.failure_conversation_id_list;
        match &self.what {
            What::Each(verb) if !is_said && !failed.is_empty() => {
                output.note(&refusals(verb, failed));
            }
            _ => {}
        }
    }

    fn unsent(&self) -> Vec<&Pending> {
        self.pending.iter().filter(|pending| is_unsent(pending)).collect()
    }

    /// Returns the error of the command: Ctrl-C, else why nothing more is sent, else a refusal.
    fn error(&self) -> Option<Error> {
        let unsent = self.unsent();
        match &self.unsent {
            Unsent::Waited(Ended::Interrupted) => {
                return Some(Error::Interrupted(match unsent.is_empty() {
                    true => "interrupted; all changes were sent".to_owned(),
                    false => format!("interrupted; {}", changes::kept(&unsent)),
                }));
            }
            Unsent::Waited(Ended::Unsent(failure)) if !unsent.is_empty() => {
                return Some(match failure {
                    Some(failure) => Error::NotSent(failure.clone()),
                    None => conv_api::Error::Unsent(unsent.len()).into(),
                });
            }
            _ => {}
        }
        match (&self.refused, &self.what) {
            (Some(failure), _) => Some(Error::Refused(failure.clone())),
            (None, What::Each(verb)) => {
                let failed = &self.accepted.failure_conversation_id_list;
                let FailedConversation { class, code, .. } = failed.first()?;
                let words = refusals(verb, failed);
                Some(Error::Unchanged { class: *class, code: *code, words })
            }
            _ => None,
        }
    }
}

/// Returns which conversations stay as they are, and why; those of one reason together.
fn refusals(verb: &str, failed: &[FailedConversation]) -> String {
    let mut reasons: Vec<(Cow<'_, str>, i32, Vec<&str>)> = Vec::new();
    for failed in failed {
        let reason = match failed.code {
            NOT_LISTED => "the list has no such conversation".into(),
            _ => Cow::Borrowed(&*failed.message),
        };
        let id = failed.conversation_id.as_str();
        match reasons.iter_mut().find(|known| (&known.0, known.1) == (&reason, failed.code)) {
            Some((_, _, ids)) => ids.push(id),
            None => reasons.push((reason, failed.code, vec![id])),
        }
    }
    let reasons = reasons
        .iter()
        .map(|(why, code, ids)| format!("not {verb} {}: {why} ({code})", ids.join(", ")));
    reasons.collect::<Vec<_>>().join("; ")
}
