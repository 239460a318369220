//! Numbers of the endpoint.

use std::collections::BTreeMap;

use conv_api::Timestamp;

use crate::webhook::{Command, Event, EventKind, Refusal};

/// Numbers of the endpoint for webhooks, all since the start. See
/// [`Gateway::hook_stats`](crate::Gateway::hook_stats).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookStats {
    /// Accepted events by command and outcome; pairs that never occurred are left out.
    pub events: Vec<HookCount>,
    /// Refused calls by reason: the words of [`Refusal`], `path` for a wrong secret, and `method`. Every
    /// reason is there.
    pub refused: Vec<(&'static str, u64)>,
    /// Events that were not understood, by reason: the words of
    /// [`Oddity`](crate::webhook::Oddity), and `broken_off` and `late` for bodies that did not come.
    pub unknown: Vec<(&'static str, u64)>,
    /// Entries of lists in events that were left out: invalid IDs, and those beyond a limit.
    pub dropped_entries: u64,
    /// The time of the last event of each app that sent one. An app that is silent for long is one whose
    /// webhooks do not come through.
    pub last_events: Vec<(u32, Timestamp)>,
}

/// The number of events of a command that ended alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookCount {
    /// The command.
    pub command: Command,
    /// Their outcome.
    pub outcome: HookOutcome,
    /// The number of such events.
    pub count: u64,
}

/// The effect of an event. Each was answered alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HookOutcome {
    /// A watched account was marked.
    Marked,
    /// It concerns lists, but of accounts that are not watched here.
    Unwatched,
    /// It changes no list.
    NoList,
    /// It came before.
    Double,
    /// The echo of a call of our own administrator: no pass was asked for.
    Echo,
    /// An event before a change, which asks for leave.
    Before,
    /// It was not understood.
    Unknown,
    /// Its body did not come whole, or was too large.
    Unreadable,
}

impl HookOutcome {
    /// Its name in lower case with underscores: a label for a counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marked => "marked",
            Self::Unwatched => "unwatched",
            Self::NoList => "no_list",
            Self::Double => "double",
            Self::Echo => "echo",
            Self::Before => "before",
            Self::Unknown => "unknown",
            Self::Unreadable => "unreadable",
        }
    }

    /// The outcome of an event without marks.
    pub(super) fn of_kind(kind: &EventKind) -> Self {
        match kind {
            EventKind::Before => Self::Before,
            EventKind::Unknown(_) => Self::Unknown,
            _ => Self::NoList,
        }
    }
}

/// The counters. What a caller sends never makes a new one: commands and reasons are few, and apps
/// those of the verifier.
#[derive(Debug, Default)]
pub(super) struct Counts {
    events: BTreeMap<(Command, HookOutcome), u64>,
    refused: BTreeMap<&'static str, u64>,
    unknown: BTreeMap<&'static str, u64>,
    dropped_entries: u64,
    last_events: BTreeMap<u32, Timestamp>,
}

impl Counts {
    pub(super) fn event(
        &mut self,
        event: &Event,
        outcome: HookOutcome,
        unreadable: Option<&'static str>,
        now: Timestamp,
    ) {
        *self.events.entry((event.command, outcome)).or_default() += 1;
        let oddity = match (unreadable, &event.kind) {
            (Some(reason), _) => Some(reason),
            (None, EventKind::Unknown(oddity)) => Some(oddity.as_str()),
            (None, _) => None,
        };
        if let Some(reason) = oddity {
            *self.unknown.entry(reason).or_default() += 1;
        }
        self.dropped_entries += event.dropped as u64;
        self.last_events.insert(event.app, now);
    }

    pub(super) fn refused(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    pub(super) fn read(&self) -> HookStats {
        let reasons = Refusal::ALL.map(Refusal::as_str).into_iter().chain(["path", "method"]);
        let count = |reason| self.refused.get(reason).copied().unwrap_or_default();
        HookStats {
            events: (self.events.iter())
                .map(|(&(command, outcome), &count)| HookCount { command, outcome, count })
                .collect(),
            refused: reasons.map(|reason| (reason, count(reason))).collect(),
            unknown: self.unknown.iter().map(|(&reason, &count)| (reason, count)).collect(),
            dropped_entries: self.dropped_entries,
            last_events: self.last_events.iter().map(|(&app, &time)| (app, time)).collect(),
        }
    }
}
