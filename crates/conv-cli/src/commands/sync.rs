//! `conv sync`: runs one pass.

use conv_api::{Conversations, SyncReport};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    output::{progress::Progress, report, time},
    session,
};

/// Pull the list once, from the cloud into the store
///
/// Reads the list until two readings agree, with names and unread counts, and reports how complete
/// it is, what was skipped and why, and what limits it. Ctrl-C leaves only whole pages.
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
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let source = args.cloud.required()?;
    let conversations = session::open(&args.store, &args.cloud, source.clone(), output).await?;
    let report = pull(&conversations, &args.cloud).await;
    let rows = conversations.snapshot().len();
    conversations.close().await?;
    let synced = Synced {
        rows,
        pages: source.pages(),
        is_sync_completed: report.as_ref().is_ok_and(SyncReport::is_sync_completed),
        report: report?,
    };
    if output.is_json() { output.data(&synced) } else { output.text(&words(&synced)) }
}

/// Runs one pass, with a progress bar.
pub(crate) async fn pull(
    conversations: &Conversations,
    cloud: &CloudArgs,
) -> Result<SyncReport, conv_api::Error> {
    let _bar = Progress::of(conversations, cloud.limit(&conversations.snapshot()));
    conversations.sync().await
}

fn words(synced: &Synced) -> String {
    let Synced { rows, pages, report, .. } = synced;
    let coverage = report::coverage(report, time::now());
    let first = format!("{rows} rows, {pages} pages read: {coverage}");
    [first].into_iter().chain(report::remarks(report)).collect::<Vec<_>>().join("\n")
}
