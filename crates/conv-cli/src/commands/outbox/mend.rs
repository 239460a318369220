//! `conv outbox retry` and `drop`: what becomes of changes that failed.

use conv_api::{Change, Conversations, Pending, PendingState};

use super::{finish, open};
use crate::{Error, Output, args::StoreArgs, output::changes::state};

/// Send failed changes again
///
/// The list shows them again, and the next `conv outbox flush` or `conv sync` sends them. Without
/// numbers, all that failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv outbox retry 7 --account user_0001
  conv outbox retry --account user_0001")]
pub(super) struct Retry {
    /// The numbers of failed changes, as `conv outbox list` shows them
    #[arg(value_name = "NUMBER")]
    numbers: Vec<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Give up failed changes, or unsent ones
///
/// Failed changes are forgotten, and unsent ones taken back: the list shows the cloud's value again.
/// What the cloud has or may have cannot be dropped. Without numbers, all that failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv outbox drop 7 --account user_0001
  conv outbox drop --account user_0001")]
pub(super) struct Drop {
    /// The numbers of failed or unsent changes, as `conv outbox list` shows them
    #[arg(value_name = "NUMBER")]
    numbers: Vec<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

impl Retry {
    pub(super) async fn run(self, output: &Output) -> Result<(), Error> {
        let fits = |pending: &Pending| match pending.state {
            PendingState::Failed => Ok(()),
            at @ (PendingState::Queued | PendingState::Held) => {
                Err(format!("is {}, not failed: `conv outbox flush` sends it", state(at)))
            }
            at => Err(format!("is {}, not failed: there is nothing to retry", state(at))),
        };
        each(&self.store, &self.numbers, output, fits, async |change, _| change.retry().await).await
    }
}

impl Drop {
    pub(super) async fn run(self, output: &Output) -> Result<(), Error> {
        let fits = |pending: &Pending| match pending.state {
            PendingState::Failed => Ok(()),
            _ if pending.is_unsent() => Ok(()),
            PendingState::Settling => {
                Err("is settling: the cloud has it, and it cannot be dropped".to_owned())
            }
            at => Err(format!("is {}: the cloud may have it, and it cannot be dropped", state(at))),
        };
        let drop = async |change: &Change, is_failed| match is_failed {
            true => change.drop().await,
            false => change.cancel().await,
        };
        each(&self.store, &self.numbers, output, fits, drop).await
    }
}

/// Does the same with the changes that are meant, if all of them fit.
async fn each(
    store: &StoreArgs,
    numbers: &[u64],
    output: &Output,
    fits: impl Fn(&Pending) -> Result<(), String>,
    act: impl AsyncFn(&Change, bool) -> Result<(), conv_api::Error>,
) -> Result<(), Error> {
    let list = open(store, output).await?;
    match take(&list, numbers, fits, act).await {
        Ok(()) => finish(&list, output).await,
        Err(error) => {
            list.close().await?;
            Err(error)
        }
    }
}

async fn take(
    list: &Conversations,
    numbers: &[u64],
    fits: impl Fn(&Pending) -> Result<(), String>,
    act: impl AsyncFn(&Change, bool) -> Result<(), conv_api::Error>,
) -> Result<(), Error> {
    let mut chosen = list.pending();
    chosen.retain(|pending| match numbers {
        [] => pending.state == PendingState::Failed,
        numbers => numbers.contains(&pending.number),
    });
    let is_absent = |number: &&u64| !chosen.iter().any(|pending| pending.number == **number);
    if let Some(number) = numbers.iter().find(is_absent) {
        return Err(Error::NotFound(format!("no change {number}: `conv outbox list` shows them")));
    }
    for pending in &chosen {
        fits(pending).map_err(|why| Error::Usage(format!("change {} {why}", pending.number)))?;
    }
    for pending in chosen {
        if let Some(change) = list.change(pending.number) {
            act(&change, pending.state == PendingState::Failed).await?;
        }
    }
    Ok(())
}
