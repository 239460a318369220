//! `conv outbox`: the changes that are not over.

mod mend;

use std::{collections::HashSet, sync::Arc, time::Duration};

use clap::Subcommand;
use conv_api::{ChangesReport, Conversations, ErrorClass, MutationFailure, Pending, PendingState};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    interrupt::Interrupt,
    output::{changes, recovery},
    sending::{Ended, flushed, is_unsent},
    session,
};

/// Show unfinished changes, and send, retry or drop them
///
/// A change is over when the cloud's list shows it. One that failed stays until it is dropped or
/// retried.
///
/// While `conv serve` runs, it alone has a store on disk, and these commands fail. Ask the server
/// instead, with the user's token: GET /v1/changes, POST /v1/changes/retry and /v1/changes/drop.
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
    Retry(mend::Retry),
    Drop(mend::Drop),
}

/// Show unfinished changes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv outbox list --account user_0001")]
struct List {
    #[command(flatten)]
    store: StoreArgs,
}

/// Send the changes that the cloud does not have yet
///
/// Those that the cloud held back for the app's key or plan are sent, too. The command fails if it
/// leaves a change unsent, or if the cloud refuses one.
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

/// The `data` of the answer.
#[derive(Debug, Serialize)]
struct Outbox {
    pending: Vec<Arc<Pending>>,
    report: ChangesReport,
    /// The changes that the command dropped, if any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<mend::Dropped>,
}

impl Args {
    /// Returns true if the command sends changes.
    pub(crate) fn sends(&self) -> bool {
        matches!(self.action, Action::Flush(_))
    }
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    match args.action {
        Action::List(List { store }) => show(&open(&store, output).await?, output).await,
        Action::Flush(args) => flush(args, output).await,
        Action::Retry(args) => args.run(output).await,
        Action::Drop(args) => args.run(output).await,
    }
}

async fn open(store: &StoreArgs, output: &Output) -> Result<Conversations, Error> {
    let opened = store.open_to_read().await?;
    recovery::note(&opened.recovery, output);
    let has_lost = !recovery::lost(&opened.recovery).is_empty();
    let list = session::on(store, opened).build().await?;
    session::known(store, list, has_lost).await
}

async fn show(list: &Conversations, output: &Output) -> Result<(), Error> {
    let outbox = Outbox::of(list);
    list.close().await?;
    outbox.show(output)
}

async fn flush(args: Flush, output: &Output) -> Result<(), Error> {
    let mut interrupt = Interrupt::listen();
    let list = interrupt.or(args.open(output), "interrupted; nothing was sent").await?;
    let before = Outbox::of(&list);
    let timeout = Duration::from_secs(args.timeout);
    let ended = flushed(&list, timeout, &mut interrupt).await;
    let outbox = Outbox::of(&list);
    list.close().await?;
    match outbox.error(ended?, &before) {
        None => outbox.show(output),
        Some(error) => {
            if !output.is_json() {
                outbox.show(output)?;
            }
            let unsent = outbox.unsent();
            if !unsent.is_empty() && !matches!(error, Error::Interrupted(_)) {
                output.note(&changes::kept(&unsent));
            }
            let data = serde_json::to_value(&outbox).unwrap_or_default();
            Err(Error::With { error: Box::new(error), data })
        }
    }
}

impl Flush {
    async fn open(&self, output: &Output) -> Result<Conversations, Error> {
        let source = Some(self.cloud.required()?);
        let opened = self.store.open_to_read().await?;
        let has_lost = !recovery::lost(&opened.recovery).is_empty();
        let list = session::changing(&self.store, &self.cloud, source, opened, output).await?;
        session::known(&self.store, list, has_lost).await
    }
}

impl Outbox {
    fn of(list: &Conversations) -> Self {
        let (pending, report) = (list.pending(), list.changes_report());
        Self { pending, report, dropped: Vec::new() }
    }

    /// Returns the error of a command that was to send everything: what is left, else what the cloud
    /// refused by then.
    fn error(&self, ended: Ended, before: &Self) -> Option<Error> {
        let unsent = self.unsent();
        match (ended, unsent.len()) {
            (Ended::Interrupted, 0) => {
                Some(Error::Interrupted("interrupted; all changes were sent".to_owned()))
            }
            (Ended::Interrupted, _) => {
                Some(Error::Interrupted(format!("interrupted; {}", changes::kept(&unsent))))
            }
            (_, 0) => self.refused_since(before).map(Error::Refused),
            (Ended::Unsent(Some(failure)), _) => Some(Error::NotSent(failure)),
            (_, left) => Some(conv_api::Error::Unsent(left).into()),
        }
    }

    fn unsent(&self) -> Vec<&Pending> {
        self.pending.iter().map(Arc::as_ref).filter(|pending| is_unsent(pending)).collect()
    }

    fn refused_since(&self, before: &Self) -> Option<MutationFailure> {
        let is_failed = |one: &&Arc<Pending>| one.state == PendingState::Failed;
        let known: HashSet<u64> =
            before.pending.iter().filter(is_failed).map(|one| one.number).collect();
        let refused =
            self.pending.iter().filter(is_failed).find(|one| !known.contains(&one.number))?;
        let expired = || MutationFailure::new(ErrorClass::Transient, None, "not sent in time");
        Some(refused.failure.clone().unwrap_or_else(expired))
    }

    fn show(&self, output: &Output) -> Result<(), Error> {
        if output.is_json() {
            return output.data(self);
        }
        if self.pending.is_empty() {
            return output.text("no changes");
        }
        let pending: Vec<_> = self.pending.iter().map(Arc::as_ref).collect();
        let mut lines = changes::table(&pending);
        lines.push(changes::states(&pending));
        output.text(&lines.join("\n"))
    }
}
