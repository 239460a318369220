//! Prints the outcomes of changes.

use std::{sync::Arc, time::Duration};

use conv_api::{
    Accepted, Conversations, ErrorClass, FailedConversation, Mutation, MutationFailure,
    OutcomeKind, Pending, PendingState, model::GroupTarget,
};
use serde::Serialize;

use super::harmless::harmless;
use crate::{Error, Output};

/// The time to wait for the cloud.
#[derive(Debug, clap::Args)]
pub(crate) struct Wait {
    /// Do not wait until the cloud has the change; the next `conv sync` sends the rest
    #[arg(long)]
    no_wait: bool,
    /// Wait for the cloud at most so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

/// The `data` of the answer: the SDK's lists, and whether the cloud has what was accepted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    #[serde(flatten)]
    accepted: Accepted,
    is_sent: bool,
    #[serde(skip)]
    verb: &'static str,
    #[serde(skip)]
    failure: Option<MutationFailure>,
    #[serde(skip)]
    why_unsent: &'static str,
}

impl Changed {
    /// Waits for accepted changes. Those that the cloud refuses are failures.
    pub(crate) async fn after(
        accepted: Accepted,
        verb: &'static str,
        wait: &Wait,
        list: &Conversations,
        has_cloud: bool,
    ) -> Result<Self, Error> {
        let why_unsent = match has_cloud {
            false => "no cloud is named",
            true if wait.no_wait => "--no-wait",
            true => "the cloud did not take it in time",
        };
        let failure = None;
        let mut changed = Self { accepted, is_sent: false, verb, failure, why_unsent };
        if has_cloud && !wait.no_wait {
            let numbers: Vec<_> = changed.accepted.changes.iter().map(|c| c.number()).collect();
            let left = list.flush(Duration::from_secs(wait.timeout)).await?;
            let is_left = |number: &Option<u64>| left.iter().any(|p| Some(p.number) == *number);
            changed.is_sent = !numbers.iter().any(is_left);
        }
        changed.take_failures(list).await?;
        Ok(changed)
    }

    async fn take_failures(&mut self, list: &Conversations) -> Result<(), Error> {
        for change in std::mem::take(&mut self.accepted.changes) {
            let is_over = change.pending().is_none_or(|p| p.state == PendingState::Failed);
            let kind = if is_over { change.outcome().await? } else { OutcomeKind::Done };
            let failure = match kind {
                OutcomeKind::Failed(failure) => failure,
                OutcomeKind::Expired => {
                    MutationFailure::new(ErrorClass::Transient, None, "not sent in time")
                }
                _ => continue,
            };
            if let Some(id) = change.mutation().conversation_id() {
                let listed = &mut self.accepted.success_conversation_id_list;
                listed.retain(|listed| listed != id);
                let code = failure.code.unwrap_or(990_006);
                let failed = FailedConversation::new(id.clone(), code, &*failure.message);
                self.accepted.failure_conversation_id_list.push(failed);
            }
            self.failure.get_or_insert(failure);
            // It is printed here, so the outbox need not report it again.
            if let Some(change) = change.number().and_then(|number| list.change(number)) {
                change.drop().await?;
            }
        }
        Ok(())
    }

    /// Prints the outcomes of the changes.
    ///
    /// # Errors
    /// The cloud's refusal, if nothing was changed.
    pub(crate) fn show(self, output: &Output) -> Result<(), Error> {
        if let Some(failure) = self.failure.clone()
            && self.accepted.success_conversation_id_list.is_empty()
        {
            let error = Box::new(Error::Refused(failure));
            let data = serde_json::to_value(&self).unwrap_or_default();
            return Err(Error::With { error, data });
        }
        if output.is_json() {
            return output.data(&self);
        }
        let Accepted {
            success_conversation_id_list: done,
            failure_conversation_id_list: failed,
            ..
        } = &self.accepted;
        let mut lines: Vec<_> =
            done.iter().map(|id| format!("{} {}", self.verb, harmless(id.as_str()))).collect();
        lines.extend(failed.iter().map(|failed| {
            let id = harmless(failed.conversation_id.as_str()).into_owned();
            format!("not {} {id}: {} ({})", self.verb, harmless(&failed.message), failed.code)
        }));
        if lines.is_empty() {
            lines.push(self.verb.to_owned());
        }
        if !self.is_sent {
            let why = self.why_unsent;
            output.note(&format!("not sent yet ({why}): kept, and the next `conv sync` sends it"));
        }
        output.text(&lines.join("\n"))
    }
}

/// The changes as a table.
pub(crate) fn table(pending: &[Arc<Pending>]) -> Vec<String> {
    let mut rows = vec![["NUMBER", "STATE", "CHANGE", "OF", "SENT", "WHY"].map(str::to_owned)];
    rows.extend(pending.iter().map(|pending| {
        let (change, of) = words(&pending.mutation);
        let why = pending.failure.as_ref().map(|failure| harmless(&failure.message).into_owned());
        [
            pending.number.to_string(),
            state(pending.state).to_owned(),
            change,
            harmless(&of).into_owned(),
            pending.attempts.to_string(),
            why.unwrap_or_default(),
        ]
    }));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(console::measure_text_width(cell));
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            console::pad_str(cell, width, console::Alignment::Left, None).into_owned()
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn state(state: PendingState) -> &'static str {
    match state {
        PendingState::Sending => "sending",
        PendingState::Settling => "sent",
        PendingState::Held => "held",
        PendingState::Failed => "failed",
        _ => "queued",
    }
}

/// Returns words for the value that is changed, and for its owner.
fn words(mutation: &Mutation) -> (String, String) {
    let of = mutation.conversation_id().map(|id| id.to_string()).unwrap_or_default();
    let change = match mutation {
        Mutation::Pin { is_pinned: true, .. } => "pin".to_owned(),
        Mutation::Pin { .. } => "unpin".to_owned(),
        Mutation::Mark { mark_type, is_set, .. } => {
            format!(
                "{} {}",
                if *is_set { "mark" } else { "unmark" },
                super::table::mark(*mark_type)
            )
        }
        Mutation::CustomData { .. } => "custom data".to_owned(),
        Mutation::Member { group_name, is_member, .. } => {
            let way = if *is_member { "into" } else { "out of" };
            format!("{way} group {}", harmless(group_name.as_str()))
        }
        Mutation::Group { group_name, target } => {
            let change = match target {
                GroupTarget::Present => "create group".to_owned(),
                GroupTarget::Absent => "delete group".to_owned(),
                GroupTarget::Named(new) => format!("rename to {}", harmless(new.as_str())),
                _ => "group".to_owned(),
            };
            return (change, group_name.to_string());
        }
        Mutation::Delete { clears_history: true, .. } => "delete with history".to_owned(),
        Mutation::Delete { .. } => "delete".to_owned(),
        Mutation::Read { .. } => "read".to_owned(),
        Mutation::Remind { .. } => "remind type".to_owned(),
        _ => "change".to_owned(),
    };
    (change, of)
}
