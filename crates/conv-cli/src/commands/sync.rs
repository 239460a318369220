//! `conv sync`: runs one pass.

use std::{sync::Arc, time::Duration};

use conv_api::{
    ChangesReport, Conversation, Conversations, Snapshot, SyncReport, model::list_order,
};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    cloud::pulled_within,
    interrupt::Interrupt,
    output::{changes, counted::counted, progress::Progress, report, time},
    sending::{Ended, Wait},
    session,
};

/// The time for changes to be sent after a pull.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pull the list once, from the cloud into the store
///
/// Reads the list until two readings agree, with names and unread counts, and reports how complete
/// it is, what was skipped and why, and what limits it. Sends changes that earlier commands left.
/// Ctrl-C leaves only whole pages.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  export CONV_SECRET_KEY=…
  conv sync --account user_0001 --region singapore --sdkappid 1400000000 --plan-limit 500")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Synced {
    rows: usize,
    pages: u32,
    is_sync_completed: bool,
    report: SyncReport,
    /// Changes that are not over, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesReport>,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let source = args.cloud.required()?;
    let cloud = Some(source.clone());
    let opened = args.store.open().await?;
    let conversations = session::changing(&args.store, &args.cloud, cloud, opened, output).await?;
    let (before, wait) = (conversations.snapshot(), Wait::begin(&conversations));
    let report = pull(&conversations, &args.cloud).await;
    if report.is_ok() {
        note_removed(&before, &conversations.snapshot(), &args.cloud, output);
    }
    let rows = conversations.snapshot().len();
    let changes = send(&conversations, &wait, report.is_ok(), output).await?;
    conversations.close().await?;
    let synced = Synced {
        rows,
        pages: source.pages(),
        is_sync_completed: report.as_ref().is_ok_and(SyncReport::is_sync_completed),
        report: report?,
        changes,
    };
    if output.is_json() { output.data(&synced) } else { output.text(&words(&synced)) }
}

/// Sends the changes that earlier commands left, if the cloud can be reached. Returns the unsent
/// ones.
async fn send(
    conversations: &Conversations,
    wait: &Wait,
    is_reached: bool,
    output: &Output,
) -> Result<Option<ChangesReport>, Error> {
    let patience = if is_reached { PATIENCE } else { Duration::ZERO };
    let ended = wait.sent(conversations, |_| true, patience, &mut Interrupt::never()).await?;
    let report = conversations.changes_report();
    if report.unsent() > 0 {
        let why = match ended {
            // Why the pull failed is said anyway.
            Ended::Unsent(Some(failure)) if is_reached => {
                format!(" ({})", changes::failure(&failure))
            }
            _ => String::new(),
        };
        let unsent = counted(report.unsent(), "change");
        output.note(&format!("not sent yet: {unsent}{why}; see `conv outbox list`"));
    }
    if report.failed > 0 {
        let failed = counted(report.failed, "change");
        output.note(&format!("{failed} failed; see `conv outbox list`"));
    }
    Ok((report != ChangesReport::default()).then_some(report))
}

/// Runs one pass, with a progress bar.
pub(crate) async fn pull(
    conversations: &Conversations,
    cloud: &CloudArgs,
) -> Result<SyncReport, conv_api::Error> {
    let _bar = Progress::of(conversations, cloud.limit(&conversations.snapshot()));
    conversations.sync().await
}

/// Says on standard error which limit removed rows, if a lower one than before did.
pub(crate) fn note_removed(
    before: &Snapshot,
    after: &Snapshot,
    cloud: &CloudArgs,
    output: &Output,
) {
    let (Some(given), Some(pulled)) = (cloud.plan_limit, pulled_within(before)) else { return };
    if given >= pulled {
        return;
    }
    // Rows that went from above the end of the list are gone from the cloud.
    let Some(last) = after.rows().last() else { return };
    let is_beyond =
        |row: &&Arc<Conversation>| list_order(row, last).is_gt() && after.get(&row.id).is_none();
    let removed = before.rows().filter(is_beyond).count();
    if removed > 0 {
        let rows = if removed == 1 { "1 row was" } else { &format!("{removed} rows were") };
        output.note(&format!(
            "{rows} removed: --plan-limit {given} is less than {pulled}, within which the list was \
             pulled before"
        ));
    }
}

fn words(synced: &Synced) -> String {
    let Synced { rows, pages, report, .. } = synced;
    let coverage = report::coverage(report, time::now());
    let (rows, pages) = (counted(*rows, "row"), counted(*pages as usize, "page"));
    let first = format!("{rows}, {pages} read: {coverage}");
    [first].into_iter().chain(report::remarks(report)).collect::<Vec<_>>().join("\n")
}
