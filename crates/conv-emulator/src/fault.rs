//! Harm on request: which call gets which fault.

mod apply;
mod body;
mod list;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use self::{
    apply::{Early, early, edit, finish},
    list::Memory,
};

/// What goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An HTTP error with an HTML page, as a gateway answers. The command does not run.
    Status(u16),
    /// An application error with this number. The command does not run.
    Code(u32),
    /// The answer comes late.
    Slow(Duration),
    /// The answer never comes.
    Stalled,
    /// The connection is closed without an answer.
    Reset,
    /// The connection breaks in the middle of the body.
    TruncatedBody,
    /// The body ends in the middle of its JSON, with a length to match.
    CutJson,
    /// HTTP 200 with an HTML page.
    Html,
    /// HTTP 200 with bytes that are neither JSON nor text.
    NotJson,
    /// A small gzip body that inflates to this many bytes of JSON.
    GzipBomb(usize),
    /// A JSON body of at least this many bytes.
    Oversized(usize),
    /// A list's cursor does not move: it stays the one of the request.
    StandingCursor,
    /// A list's page is empty, is not the last one, and its cursor leads on to the rows left out.
    EmptyPage,
    /// A list's `CompleteFlag` is missing.
    NoCompleteFlag,
    /// A list's `SessionItem` is null.
    NullItems,
    /// A list's page repeats its first row, and the last rows of the page before.
    DuplicateRows,
    /// A list's page has one row more, which makes no sense.
    BadRow(BadRow),
    /// Fields that no documentation knows, in the answer and in its rows.
    UnknownFields,
    /// A field nested this deep.
    DeepNesting(usize),
    /// Every other user, group or peer of a batch fails by itself.
    PartialFailure,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadRow {
    /// `null` in place of a row.
    Null,
    /// Fields of wrong types.
    WrongTypes,
    /// A `Type` that is neither 1 nor 2.
    UnknownType,
    /// A user ID longer than any.
    LongId,
    /// Control bytes in an ID.
    ControlBytes,
    /// A row without an ID.
    NoId,
    /// A time below zero.
    NegativeTime,
    /// A time that no clock reaches.
    HugeTime,
}

/// Which of the matching calls a rule is about, counted from when the rule was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// Each.
    Always,
    /// This one alone, counted from 1.
    Nth(u64),
    /// The first ones, so many.
    Times(u64),
    /// Each one whose number is a multiple of this.
    Every(u64),
}

impl When {
    fn is_now(self, call: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Nth(n) => call == n,
            Self::Times(n) => call <= n,
            Self::Every(n) => n > 0 && call % n == 0,
        }
    }
}

/// A fault, the command it befalls, and when.
///
/// ```
/// use conv_emulator::{Fault, Rule};
///
/// let second_page_is_lost = Rule::nth(2, Fault::Reset).on("recentcontact/get_list");
/// let busy_at_first = Rule::times(3, Fault::Code(60007));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// `service/command`, or any command.
    pub command: Option<String>,
    /// Which calls.
    pub when: When,
    /// What happens to them.
    pub fault: Fault,
}

impl Rule {
    /// A rule for calls of any command.
    pub fn new(when: When, fault: Fault) -> Self {
        Self { command: None, when, fault }
    }

    /// Each call.
    pub fn always(fault: Fault) -> Self {
        Self::new(When::Always, fault)
    }

    /// The next call.
    pub fn once(fault: Fault) -> Self {
        Self::times(1, fault)
    }

    /// The nth call, counted from 1.
    pub fn nth(n: u64, fault: Fault) -> Self {
        Self::new(When::Nth(n), fault)
    }

    /// The next `n` calls.
    pub fn times(n: u64, fault: Fault) -> Self {
        Self::new(When::Times(n), fault)
    }

    /// Each nth call.
    pub fn every(n: u64, fault: Fault) -> Self {
        Self::new(When::Every(n), fault)
    }

    /// Limits the rule to one command, for instance `recentcontact/get_list`.
    #[must_use]
    pub fn on(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}

/// The emulator's script of faults.
///
/// Several rules may befall one call; they work in the order in which they were pushed.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Vec<(Rule, u64)>,
    fired: u64,
    pub(crate) memory: Memory,
}

impl Faults {
    /// Adds a rule; its calls are counted from now on.
    pub fn push(&self, rule: Rule) {
        self.lock().rules.push((rule, 0));
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// How many faults have happened.
    pub fn fired(&self) -> u64 {
        self.lock().fired
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and tells what befalls it.
    pub(crate) fn befall(&self, command: Option<&str>) -> Vec<Fault> {
        let mut script = self.lock();
        let mut faults = Vec::new();
        for (rule, calls) in &mut script.rules {
            if rule.command.is_some() && rule.command.as_deref() != command {
                continue;
            }
            *calls += 1;
            if rule.when.is_now(*calls) {
                faults.push(rule.fault.clone());
            }
        }
        script.fired += faults.len() as u64;
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(when: When) -> Vec<u64> {
        let faults = Faults::default();
        faults.push(Rule::new(when, Fault::Reset));
        (1..=6).filter(|_| !faults.befall(None).is_empty()).collect()
    }

    #[test]
    fn each_when_picks_its_calls() {
        assert_eq!(fired(When::Always), [1, 2, 3, 4, 5, 6]);
        assert_eq!(fired(When::Nth(3)), [3]);
        assert_eq!(fired(When::Times(2)), [1, 2]);
        assert_eq!(fired(When::Every(2)), [2, 4, 6]);
        assert!(fired(When::Every(0)).is_empty());
    }

    #[test]
    fn a_rule_for_one_command_counts_only_that_one() {
        let faults = Faults::default();
        faults.push(Rule::nth(2, Fault::Html).on("a/b"));
        assert!(faults.befall(Some("a/b")).is_empty());
        assert!(faults.befall(Some("a/c")).is_empty());
        assert!(faults.befall(None).is_empty());
        assert_eq!(faults.befall(Some("a/b")), [Fault::Html]);
        assert_eq!(faults.fired(), 1);
    }

    #[test]
    fn faults_of_one_call_come_in_the_order_of_their_rules() {
        let faults = Faults::default();
        faults.push(Rule::always(Fault::Slow(Duration::ZERO)));
        faults.push(Rule::always(Fault::Code(60008)));
        assert_eq!(faults.befall(None), [Fault::Slow(Duration::ZERO), Fault::Code(60008)]);
        faults.clear();
        assert!(faults.befall(None).is_empty());
    }
}
