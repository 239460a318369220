//! What the opening of a store met, in words.

use conv_api::store::Recovery;

/// One line for each thing that an opening dropped, repaired or set aside.
///
/// Never empty for a recovery that is not clean: a kind of loss that is not known here is still a
/// loss.
pub(crate) fn words(recovery: &Recovery) -> Vec<String> {
    let mut met = Vec::new();
    let mut tell = |is_met: bool, what: String| met.extend(is_met.then_some(what));
    let Recovery { dropped_rows, dropped_locals, removed_unfinished, .. } = recovery;
    tell(*dropped_rows > 0, format!("dropped {dropped_rows} rows that did not decode"));
    tell(*dropped_locals > 0, format!("dropped {dropped_locals} local states"));
    tell(recovery.dropped_state, "dropped the state of the sync".to_owned());
    tell(recovery.repaired, "repaired, and perhaps older than it was".to_owned());
    for path in recovery.set_aside.iter().chain(&recovery.local_set_aside) {
        tell(true, format!("set aside what was damaged: {}", path.display()));
    }
    if met.is_empty() && !recovery.is_clean() {
        met.push(format!("lost data: {recovery:?}"));
    }
    let mut tell = |is_met: bool, what: String| met.extend(is_met.then_some(what));
    tell(*removed_unfinished > 0, format!("removed {removed_unfinished} unfinished files"));
    tell(recovery.rebuilt, "rebuilt, since its files had grown".to_owned());
    met
}
