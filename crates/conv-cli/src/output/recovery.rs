//! Describes the findings of a store's opening.

use conv_api::{Coverage, SyncReport, Timestamp, store::Recovery};

use super::{counted::counted, report};
use crate::Output;

const READ_ONLY: &str = "cannot be written, so nothing can be stored";

/// Prints, apart from the result, that an opening lost data, or that nothing can be stored: people
/// who read the rows should know.
pub(crate) fn note(recovery: &Recovery, output: &Output) {
    if recovery.read_only {
        output.note(&format!("the store {READ_ONLY}; what it holds can be read"));
    }
    let lost = lost(recovery);
    if !lost.is_empty() {
        let met = lost.join("; ");
        output.note(&format!("the store lost data: {met}; `conv sync` brings its rows again"));
    }
}

/// Returns one line per loss. Never empty for a recovery that is not clean: an unknown kind of loss
/// is still a loss.
pub(crate) fn lost(recovery: &Recovery) -> Vec<String> {
    let mut met = Vec::new();
    let mut add = |is_met: bool, what: String| met.extend(is_met.then_some(what));
    let Recovery { dropped_rows, dropped_locals, .. } = recovery;
    add(recovery.lost_accounts > 0 || recovery.lost_rows > 0, gone(recovery));
    add(
        *dropped_rows > 0,
        format!("dropped {} that did not decode", counted(*dropped_rows, "row")),
    );
    add(*dropped_locals > 0, format!("dropped {}", counted(*dropped_locals, "local state")));
    add(recovery.dropped_state, "dropped the state of the sync".to_owned());
    add(recovery.journal_damaged, "dropped changes whose journal was damaged".to_owned());
    add(recovery.repaired, "repaired, and perhaps older than it was".to_owned());
    for path in recovery.quarantined.iter().chain(&recovery.quarantined_local) {
        add(true, format!("quarantined damaged data: {}", path.display()));
    }
    if met.is_empty() && !recovery.is_clean() {
        met.push(format!("lost data: {recovery:?}"));
    }
    met
}

/// Describes rows that are older than the last change that was stored.
fn gone(recovery: &Recovery) -> String {
    let rows = match recovery.lost_rows {
        0 => "rows are older than the last stored change".to_owned(),
        1 => "1 stored row is gone".to_owned(),
        rows => format!("{rows} stored rows are gone"),
    };
    match recovery.lost_accounts {
        0 | 1 => rows,
        accounts => format!("{rows}, of {accounts} accounts"),
    }
}

/// Returns one line per finding of an opening, losses first.
pub(crate) fn words(recovery: &Recovery) -> Vec<String> {
    let mut met = lost(recovery);
    if recovery.removed_unfinished > 0 {
        met.push(format!("removed {}", counted(recovery.removed_unfinished, "unfinished file")));
    }
    if recovery.journal_torn {
        met.push("left out a change that was never finished".to_owned());
    }
    if recovery.rebuilt {
        met.push("rebuilt, since its files had grown".to_owned());
    }
    if recovery.read_only {
        met.push(READ_ONLY.to_owned());
    }
    met
}

/// Describes how complete a list is, and distinguishes lost rows from a list that was never pulled.
pub(crate) fn coverage(report: &SyncReport, lost: &[String], now: Timestamp) -> String {
    match report.coverage {
        Coverage::Empty if !lost.is_empty() => "what was pulled is lost".to_owned(),
        _ => report::coverage(report, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_has_words_of_its_own() {
        let mut losses = [(); 9].map(|()| Recovery::default());
        losses[0].lost_rows = 3;
        losses[1].lost_accounts = 1;
        losses[2].dropped_rows = 1;
        losses[3].dropped_locals = 1;
        losses[4].dropped_state = true;
        losses[5].journal_damaged = true;
        losses[6].repaired = true;
        losses[7].quarantined = Some("rows.damaged".into());
        losses[8].quarantined_local = Some("local.damaged".into());
        let mut seen = std::collections::BTreeSet::new();
        for recovery in losses {
            let lost = lost(&recovery);
            assert!(lost.len() == 1 && !lost[0].contains("Recovery"), "{lost:?}");
            assert!(seen.insert(lost[0].clone()), "{lost:?}");
        }
    }

    #[test]
    fn a_repair_without_loss_is_reported_as_such() {
        let mut recovery = Recovery::default();
        recovery.removed_unfinished = 1;
        recovery.journal_torn = true;
        recovery.rebuilt = true;
        recovery.read_only = true;
        assert_eq!((lost(&recovery).len(), words(&recovery).len()), (0, 4));
    }

    #[test]
    fn rows_of_other_accounts_are_counted_with_their_accounts() {
        let mut recovery = Recovery::default();
        (recovery.lost_rows, recovery.lost_accounts) = (7, 2);
        assert_eq!(lost(&recovery), ["7 stored rows are gone, of 2 accounts"]);
    }
}
