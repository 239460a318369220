//! Changes that are not over, in words.

use std::{borrow::Borrow, collections::BTreeMap};

use console::{Alignment, measure_text_width, pad_str};
use conv_api::{Mutation, MutationFailure, Pending, PendingState, model::GroupTarget};

use super::{
    counted::{counted, it},
    harmless::harmless,
};

/// Returns how many changes have which state, with their numbers: `1 change queued (7)`.
pub(crate) fn states<P: Borrow<Pending>>(pending: &[P]) -> String {
    let mut numbers: BTreeMap<PendingState, Vec<u64>> = BTreeMap::new();
    for pending in pending.iter().map(Borrow::borrow) {
        numbers.entry(pending.state).or_default().push(pending.number);
    }
    let of_state = |(at, numbers): (&PendingState, &Vec<u64>)| {
        let list: Vec<_> = numbers.iter().map(u64::to_string).collect();
        format!("{} {} ({})", counted(numbers.len(), "change"), state(*at), list.join(", "))
    };
    numbers.iter().map(of_state).collect::<Vec<_>>().join(", ")
}

/// Returns the states of unsent changes, and what sends them.
pub(crate) fn kept<P: Borrow<Pending>>(unsent: &[P]) -> String {
    let is_held = unsent.iter().any(|pending| pending.borrow().state == PendingState::Held);
    let when = if is_held { " once the cloud takes the app's key and plan" } else { "" };
    let (states, it) = (states(unsent), it(unsent.len()));
    format!("{states}; `conv sync` or `conv outbox flush` sends {it}{when}")
}

/// Returns a failure with its class and the cloud's number.
pub(crate) fn failure(failure: &MutationFailure) -> String {
    let code = failure.code.map(|code| format!(", code {code}")).unwrap_or_default();
    format!("{} ({}{code})", failure.message, failure.class.as_str())
}

/// Returns the name of a state, which is that of the JSON.
pub(crate) fn state(state: PendingState) -> &'static str {
    match state {
        PendingState::Sending => "sending",
        PendingState::Settling => "settling",
        PendingState::Held => "held",
        PendingState::Failed => "failed",
        _ => "queued",
    }
}

/// Returns changes as a table.
pub(crate) fn table<P: Borrow<Pending>>(pending: &[P]) -> Vec<String> {
    let mut rows = vec![["NUMBER", "STATE", "CHANGE", "OF", "ATTEMPTS", "WHY"].map(str::to_owned)];
    rows.extend(pending.iter().map(|pending| row(pending.borrow())));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths);
        let cells = cells.map(|(cell, width)| pad_str(cell, width, Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(pending: &Pending) -> [String; 6] {
    let (change, of) = words(&pending.mutation);
    let why = pending.failure.as_ref().map(|why| harmless(&why.message).into_owned());
    [
        pending.number.to_string(),
        state(pending.state).to_owned(),
        change,
        harmless(&of).into_owned(),
        pending.attempts.to_string(),
        why.unwrap_or_default(),
    ]
}

/// Returns the changed property, and the conversation or group.
fn words(mutation: &Mutation) -> (String, String) {
    let of = mutation.conversation_id().map(|id| id.to_string()).unwrap_or_default();
    let change = match mutation {
        Mutation::Pin { is_pinned: true, .. } => "pin".to_owned(),
        Mutation::Pin { .. } => "unpin".to_owned(),
        Mutation::Mark { mark_type, is_set, .. } => {
            let verb = if *is_set { "mark" } else { "unmark" };
            format!("{verb} {}", super::table::mark(*mark_type))
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
