//! What the opening of a store met, in words.

use conv_api::store::Recovery;

use crate::Output;

/// Says beside the result that an opening lost something: who looks at what is left should know.
pub(crate) fn note(recovery: &Recovery, output: &Output) {
    let lost = lost(recovery);
    if !lost.is_empty() {
        let met = lost.join("; ");
        output.note(&format!("the store lost data: {met}; a pull brings its rows again"));
    }
}

/// One line for each loss. Never empty for a recovery that is not clean: a kind of loss that is not
/// known here is still a loss.
pub(crate) fn lost(recovery: &Recovery) -> Vec<String> {
    let mut met = Vec::new();
    let mut tell = |is_met: bool, what: String| met.extend(is_met.then_some(what));
    let Recovery { dropped_rows, dropped_locals, .. } = recovery;
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
    met
}

/// One line for each thing that an opening met, losses first.
pub(crate) fn words(recovery: &Recovery) -> Vec<String> {
    let mut met = lost(recovery);
    if recovery.removed_unfinished > 0 {
        met.push(format!("removed {} unfinished files", recovery.removed_unfinished));
    }
    if recovery.rebuilt {
        met.push("rebuilt, since its files had grown".to_owned());
    }
    met
}
