//! Counts of calls by command.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The name under which all unknown commands are counted.
const UNKNOWN: &str = "(unknown)";

/// The calls since the start or the last reset, including refused and failed ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Calls {
    /// The number of all calls.
    pub total: u64,
    /// The number of calls by `service/command`; unknown commands are counted together under
    /// `(unknown)`.
    pub by_command: BTreeMap<String, u64>,
}

impl Calls {
    /// Returns the number of calls of a command, for instance `recentcontact/get_list`.
    pub fn of(&self, command: &str) -> u64 {
        self.by_command.get(command).copied().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter {
    calls: Mutex<Calls>,
}

impl Counter {
    pub(crate) fn count(&self, command: Option<&'static str>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.total += 1;
        *calls.by_command.entry(command.unwrap_or(UNKNOWN).to_owned()).or_default() += 1;
    }

    pub(crate) fn read(&self) -> Calls {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reset(&self) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) = Calls::default();
    }
}
