//! The rules of a running emulator.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{Fault, Memory, Rule, item, rule::is_named};

/// The emulator's script of faults.
///
/// Several rules may affect one call; they work in the order in which they were pushed. Each rule
/// counts the calls of its command separately, including those that another rule fails.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Vec<Active>,
    fired: u64,
    pub(crate) memory: Memory,
}

/// A rule, and its counts since it was pushed.
#[derive(Debug)]
struct Active {
    rule: Rule,
    calls: u64,
    /// The time at which it first affected a call, by the world's clock.
    first: Option<Duration>,
}

impl Faults {
    /// Adds a rule, which counts calls from now on.
    pub fn push(&self, rule: Rule) {
        self.lock().rules.push(Active { rule, calls: 0, first: None });
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// Returns the number of faults that have happened.
    pub fn fired(&self) -> u64 {
        self.lock().fired
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call at this moment, and returns its faults. The request is read only if a rule
    /// is about a conversation.
    pub(crate) fn befall(
        &self,
        command: Option<&str>,
        now: Duration,
        request: impl FnOnce() -> Map<String, Value>,
    ) -> Vec<Fault> {
        let mut script = self.lock();
        let reads = script.rules.iter().any(|active| active.rule.about.is_some());
        let request = if reads { request() } else { Map::new() };
        let mut faults = Vec::new();
        for active in &mut script.rules {
            let wanted = active.rule.command.as_deref();
            if wanted.is_some_and(|name| !command.is_some_and(|command| is_named(command, name))) {
                continue;
            }
            let about = active.rule.about.as_deref();
            if about.is_some_and(|conversation| !item::names(&request, conversation)) {
                continue;
            }
            active.calls += 1;
            if !active.rule.when.is_now(active.calls) {
                continue;
            }
            let lasted = now.saturating_sub(*active.first.get_or_insert(now));
            if active.rule.lasting.is_none_or(|time| lasted < time) {
                faults.push(active.rule.fault.clone());
            }
        }
        script.fired += faults.len() as u64;
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn fired(rule: Rule) -> Vec<u64> {
        let faults = Faults::default();
        faults.push(rule);
        (1..=6).filter(|_| !faults.befall(None, NOW, Map::new).is_empty()).collect()
    }

    #[test]
    fn each_rule_picks_its_calls() {
        assert_eq!(fired(Rule::always(Fault::Reset)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(fired(Rule::nth(3, Fault::Reset)), [3]);
        assert_eq!(fired(Rule::times(2, Fault::Reset)), [1, 2]);
        assert_eq!(fired(Rule::every(2, Fault::Reset)), [2, 4, 6]);
        assert_eq!(fired(Rule::calls(2..=4, Fault::Reset)), [2, 3, 4]);
        assert_eq!(fired(Rule::calls(2..4, Fault::Reset)), [2, 3]);
        assert_eq!(fired(Rule::calls(5.., Fault::Reset)), [5, 6]);
        assert!(fired(Rule::every(0, Fault::Reset)).is_empty());
        assert!(fired(Rule::times(0, Fault::Reset)).is_empty());
    }

    #[test]
    fn a_time_begins_with_the_first_call_that_a_rule_befalls() {
        let faults = Faults::default();
        let rule = Rule::calls(2.., Fault::Html).on("b").lasting(Duration::from_secs(10));
        faults.push(rule);
        let befallen = |command, second| {
            !faults.befall(Some(command), NOW + Duration::from_secs(second), Map::new).is_empty()
        };
        assert!(!befallen("a/c", 0), "another command");
        assert!(!befallen("a/b", 50), "the first call is let through");
        assert!(befallen("a/b", 100));
        assert!(befallen("a/b", 109));
        assert!(!befallen("a/b", 110));
        assert!(!befallen("a/b", 200));
    }

    #[test]
    fn a_rule_for_one_command_counts_only_that_one_by_either_name() {
        for name in ["a/b", "b"] {
            let faults = Faults::default();
            faults.push(Rule::nth(2, Fault::Html).on(name));
            assert!(faults.befall(Some("a/b"), NOW, Map::new).is_empty());
            assert!(faults.befall(Some("a/c"), NOW, Map::new).is_empty());
            assert!(faults.befall(Some("a/bb"), NOW, Map::new).is_empty());
            assert!(faults.befall(None, NOW, Map::new).is_empty());
            assert_eq!(faults.befall(Some("a/b"), NOW, Map::new), [Fault::Html]);
            assert_eq!(faults.fired(), 1);
        }
    }

    #[test]
    fn faults_of_one_call_come_in_the_order_of_their_rules() {
        let faults = Faults::default();
        faults.push(Rule::always(Fault::Slow(Duration::ZERO)));
        faults.push(Rule::always(Fault::Code(60008)));
        assert_eq!(
            faults.befall(None, NOW, Map::new),
            [Fault::Slow(Duration::ZERO), Fault::Code(60008)]
        );
        faults.clear();
        assert!(faults.befall(None, NOW, Map::new).is_empty());
    }
}
