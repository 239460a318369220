//! Pulls into the store and compares the result with the cloud.

use std::collections::BTreeSet;

use conv_api::{ConversationId, Snapshot};

use super::{
    Args, Finding,
    cloud::{Fresh, as_pulled},
    difference::{Difference, Rows, agree, rows},
};
use crate::{Error, commands::sync::pull, session, store::Opened};

/// The number of consecutive comparisons in which a row must be wrong: in a changing list, one
/// change may undo another between two readings, but hardly three times.
const ROUNDS: usize = 3;

/// Pulls into the store between independent readings of the cloud. Returns the findings, and the
/// list after the pull.
pub(super) async fn run(args: &Args, opened: Opened) -> Result<(Vec<Finding>, Snapshot), Error> {
    let held = opened.store.snapshot();
    let recovery = opened.recovery.clone();
    let fresh = Fresh::begin(args, &held).await?;
    let builder = as_pulled(session::on(&args.store, opened), args, &held)?;
    let ours = builder.build().await?;

    let mut before = fresh.read().await?;
    let mut wrong: Option<BTreeSet<ConversationId>> = None;
    for _ in 0..ROUNDS {
        pull(&ours, &args.source).await?;
        let now = rows(&ours.snapshot());
        let after = fresh.read().await?;
        let mut contradicted = contradicted(&before, &now, &after);
        // Kept although no listing confirmed them; the report names them.
        let report = ours.sync_report();
        let unread = report.skipped.iter().filter_map(|row| row.id.as_ref());
        let kept: BTreeSet<_> = report.unconfirmed.iter().chain(unread).collect();
        contradicted.retain(|id| !kept.contains(id));
        let still = wrong.map_or_else(|| contradicted.clone(), |known| &known & &contradicted);
        let is_done = still.is_empty();
        wrong = Some(still);
        if is_done {
            break;
        }
        before = after;
    }
    let snapshot = ours.snapshot();
    ours.close().await?;

    let mut findings = vec![healed(&held, &snapshot), verdict(wrong.map_or(0, |rows| rows.len()))];
    let has_local_loss = recovery.dropped_locals > 0 || recovery.quarantined_local.is_some();
    if !recovery.is_clean() && !has_local_loss {
        findings.push(Finding::new("opening", true, "what was dropped was pulled again"));
    }
    Ok((findings, snapshot))
}

/// Returns the rows on which the readings before and after a pull agree, and the pull differs.
fn contradicted(before: &Rows, ours: &Rows, after: &Rows) -> BTreeSet<ConversationId> {
    let ids: BTreeSet<_> = before.keys().chain(ours.keys()).collect();
    let is_wrong = |id: &&ConversationId| {
        let cloud = before.get(*id);
        agree(cloud, after.get(*id)) && !agree(cloud, ours.get(*id))
    };
    ids.into_iter().filter(is_wrong).cloned().collect()
}

fn healed(held: &Snapshot, now: &Snapshot) -> Finding {
    let Difference { missing, surplus, changed } = Difference::between(&rows(held), &rows(now));
    Finding::new("pull", true, format!("added {missing}, removed {surplus}, changed {changed}"))
}

fn verdict(wrong: usize) -> Finding {
    match wrong {
        0 => Finding::new("cloud", true, "the store holds what the cloud holds"),
        rows => Finding::new("cloud", false, format!("{rows} rows differ from the cloud")),
    }
}
