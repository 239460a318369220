//! The report of the state of a list, which a client gets beside the rows.

use conv_api::{Accounts, Conversations, SyncMark, SyncReport};
use serde::Serialize;

/// The state of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct State {
    is_sync_completed: bool,
    report: Marked,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Marked {
    #[serde(flatten)]
    report: SyncReport,
    /// The newest request for a fresh list that a finished pass has reached.
    reached_mark: SyncMark,
}

/// A state, and how busy the gateway is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct Report<'a> {
    #[serde(flatten)]
    state: &'a State,
    /// Passes of all accounts that wait for their turn.
    passes_waiting: usize,
    /// The average time for which passes have waited for the cloud's rate.
    quota_wait_millis: u64,
}

impl State {
    pub(in crate::server) fn of(list: &Conversations, reached_mark: SyncMark) -> Self {
        let report = list.sync_report();
        let is_sync_completed = report.is_sync_completed();
        Self { is_sync_completed, report: Marked { report, reached_mark } }
    }

    pub(in crate::server) fn report(&self, accounts: &Accounts) -> Report<'_> {
        let stats = accounts.stats();
        let waits = stats.quota_wait;
        Report {
            state: self,
            passes_waiting: stats.passes_waiting,
            quota_wait_millis: waits.total_millis.checked_div(waits.count).unwrap_or(0),
        }
    }
}
