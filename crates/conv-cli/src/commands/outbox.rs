//! `conv outbox`: the changes that are not over.

use std::{sync::Arc, time::Duration};

use clap::Subcommand;
use conv_api::{ChangesReport, Conversations, Pending, PendingState};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    output::changed,
    session,
};

/// Show unfinished changes, and send, retry or drop them
///
/// A change is over when the cloud's list shows it. One that failed stays until it is dropped or
/// retried.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv outbox list --account user_0001
  conv outbox flush --account user_0001 --region singapore --sdkappid 1400000000")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Flush(Flush),
    Retry(Some),
    Drop(Some),
}

/// Show unfinished changes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv outbox list --account user_0001")]
struct List {
    #[command(flatten)]
    store: StoreArgs,
}

/// Send queued changes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv outbox flush --account user_0001 --region singapore --sdkappid 1400000000")]
struct Flush {
    /// Wait at most this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// Send failed changes again, or drop them
///
/// Name changes by their numbers in `conv outbox list`; without numbers, the command takes all that
/// failed. The next `conv outbox flush` or `conv sync` sends the retried ones. A change that was
/// never sent can be dropped by its number, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv outbox retry 7 --account user_0001
  conv outbox drop --account user_0001")]
struct Some {
    /// The numbers of changes
    #[arg(value_name = "NUMBER")]
    numbers: Vec<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

/// The `data` of the answer.
#[derive(Debug, Serialize)]
struct Outbox {
    pending: Vec<Arc<Pending>>,
    report: ChangesReport,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    match args.action {
        Action::List(List { store }) => {
            let list = session::on(&store, store.open_to_read().await?).build().await?;
            finish(&list, output).await
        }
        Action::Flush(args) => flush(args, output).await,
        Action::Retry(some) => each(some, true, output).await,
        Action::Drop(some) => each(some, false, output).await,
    }
}

async fn flush(args: Flush, output: &Output) -> Result<(), Error> {
    let source = Some(args.cloud.required()?);
    let list = session::changing(&args.store, &args.cloud, source, output).await?;
    let left = list.flush(Duration::from_secs(args.timeout)).await;
    let outbox = Outbox::of(&list);
    list.close().await?;
    match left?.len() {
        0 => outbox.show(output),
        left => {
            let error = Box::new(Error::Conv(conv_api::Error::Unsent(left)));
            let data = serde_json::to_value(&outbox).unwrap_or_default();
            Err(Error::With { error, data })
        }
    }
}

async fn each(some: Some, is_retry: bool, output: &Output) -> Result<(), Error> {
    let list = session::on(&some.store, some.store.open_to_read().await?).build().await?;
    let changed = take(&list, &some.numbers, is_retry).await;
    match changed {
        Ok(()) => finish(&list, output).await,
        Err(error) => {
            list.close().await?;
            Err(error)
        }
    }
}

async fn take(list: &Conversations, numbers: &[u64], is_retry: bool) -> Result<(), Error> {
    let mut chosen = list.pending();
    chosen.retain(|pending| match numbers {
        [] => pending.state == PendingState::Failed,
        numbers => numbers.contains(&pending.number),
    });
    let is_absent = |number: &&u64| !chosen.iter().any(|pending| pending.number == **number);
    if let Option::Some(number) = numbers.iter().find(is_absent) {
        return Err(Error::NotFound(format!("no change {number}: `conv outbox list` shows them")));
    }
    for pending in chosen {
        let Option::Some(change) = list.change(pending.number) else { continue };
        match (is_retry, pending.state) {
            (true, _) => change.retry().await?,
            (false, PendingState::Failed) => change.drop().await?,
            (false, _) => change.cancel().await?,
        }
    }
    Ok(())
}

async fn finish(list: &Conversations, output: &Output) -> Result<(), Error> {
    let outbox = Outbox::of(list);
    list.close().await?;
    outbox.show(output)
}

impl Outbox {
    fn of(list: &Conversations) -> Self {
        Self { pending: list.pending(), report: list.changes_report() }
    }

    fn show(&self, output: &Output) -> Result<(), Error> {
        if output.is_json() {
            return output.data(self);
        }
        let mut lines = changed::table(&self.pending);
        let ChangesReport { settling, held, failed, .. } = self.report;
        let unsent = self.report.unsent();
        lines.push(format!("{unsent} not sent ({held} held), {settling} sent, {failed} failed"));
        output.text(&lines.join("\n"))
    }
}
