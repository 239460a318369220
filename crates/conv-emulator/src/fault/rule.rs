//! The rules that assign faults to calls.

use std::{
    ops::{Bound, RangeBounds},
    time::Duration,
};

use super::Fault;

/// The matching calls that a rule affects, counted from when the rule was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// All calls.
    Always,
    /// The calls from one number to another, both included, counted from 1.
    Calls {
        /// The first call.
        first: u64,
        /// The last call; `u64::MAX` for no end.
        last: u64,
    },
    /// Every call whose number is a multiple of this.
    Every(u64),
}

impl When {
    pub(super) fn is_now(self, call: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Calls { first, last } => (first..=last).contains(&call),
            Self::Every(n) => n > 0 && call % n == 0,
        }
    }
}

/// A fault, the command that it affects, and the calls that it affects.
///
/// ```
/// use conv_emulator::{Fault, Rule};
///
/// let second_page_is_lost = Rule::nth(2, Fault::Reset).on("recentcontact/get_list");
/// let busy_at_first = Rule::times(3, Fault::Code(60007));
/// let down = Rule::calls(2..=6, Fault::Status(503)).on("recentcontact/get_contact_group");
///
/// // As a command line spells them; `Rule::HELP` lists all.
/// let spelled: Rule = "status=503,calls=2-6,on=recentcontact/get_contact_group".parse()?;
/// assert_eq!(spelled, down);
/// # Ok::<(), conv_emulator::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// `service/command`, or any command.
    pub command: Option<String>,
    /// The affected calls.
    pub when: When,
    /// The time that the rule works from the first of these calls on, by the world's clock; `None`
    /// for ever.
    pub lasting: Option<Duration>,
    /// The conversation, as the web SDK writes it, that a call must name to be counted; any call if
    /// `None`.
    pub about: Option<String>,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// Makes a rule for calls of any command.
    pub fn new(when: When, fault: Fault) -> Self {
        Self { command: None, when, lasting: None, about: None, fault }
    }

    /// Makes a rule for every call.
    pub fn always(fault: Fault) -> Self {
        Self::new(When::Always, fault)
    }

    /// Makes a rule for the calls of these numbers, counted from 1: `1..=5`, or `3..` for all
    /// except the first two.
    pub fn calls(numbers: impl RangeBounds<u64>, fault: Fault) -> Self {
        let first = match numbers.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 1,
        };
        let last = match numbers.end_bound() {
            Bound::Included(last) => *last,
            Bound::Excluded(after) => after.saturating_sub(1),
            Bound::Unbounded => u64::MAX,
        };
        Self::new(When::Calls { first, last }, fault)
    }

    /// Makes a rule for the next call.
    pub fn once(fault: Fault) -> Self {
        Self::times(1, fault)
    }

    /// Makes a rule for the nth call, counted from 1.
    pub fn nth(n: u64, fault: Fault) -> Self {
        Self::calls(n..=n, fault)
    }

    /// Makes a rule for the next `n` calls.
    pub fn times(n: u64, fault: Fault) -> Self {
        Self::calls(1..=n, fault)
    }

    /// Makes a rule for every nth call.
    pub fn every(n: u64, fault: Fault) -> Self {
        Self::new(When::Every(n), fault)
    }

    /// Limits the rule to one command, for instance `recentcontact/get_list` or `get_list`.
    #[must_use]
    pub fn on(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Limits the rule to calls that name this conversation (`C2C…` or `GROUP…`), alone or among
    /// others. Other calls are not counted.
    #[must_use]
    pub fn about(mut self, conversation: impl Into<String>) -> Self {
        self.about = Some(conversation.into());
        self
    }

    /// Ends the rule this long after the first call that it affected, by the world's clock, which
    /// [`World::advance`](crate::World::advance) moves.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }
}

/// Returns true if `name` is the command's name, with its service or without.
pub(crate) fn is_named(command: &str, name: &str) -> bool {
    command == name || command.split_once('/').is_some_and(|(_, command)| command == name)
}
