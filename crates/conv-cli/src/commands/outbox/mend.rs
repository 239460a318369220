//! `conv outbox retry` and `drop`: mend changes that are not over.

use conv_api::{Change, Conversations, OutcomeKind, Pending, PendingState};
use serde::Serialize;

use super::{Outbox, open};
use crate::{Error, Output, args::StoreArgs, output::changes::state};

/// Send failed changes again
///
/// The list shows them again, and the next `conv outbox flush` or `conv sync` sends them. Without
/// numbers, retries all failed changes. Changes that are queued or held have not failed: flush and
/// sync send them anyway, and at once.
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

/// Give up failed changes, unsent ones, or the wait for settling ones
///
/// Failed changes are forgotten, and unsent ones taken back: the list shows the cloud's value again.
/// For a settling change only the wait ends: the cloud keeps it, and the list shows the cloud's last
/// value. A change that the cloud may have, without an answer, cannot be dropped. Without numbers,
/// drops all failed changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv outbox drop 7 --account user_0001
  conv outbox drop --account user_0001")]
pub(super) struct Drop {
    /// The numbers of changes, as `conv outbox list` shows them
    #[arg(value_name = "NUMBER")]
    numbers: Vec<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

/// The outcome of a change that was dropped.
#[derive(Debug, Serialize)]
pub(super) struct Dropped {
    number: u64,
    outcome: &'static str,
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
        let list = open(&self.store, output).await?;
        let retried =
            each(&list, &self.numbers, fits, async |change, _| change.retry().await).await;
        let outbox = Outbox::of(&list);
        list.close().await?;
        retried?;
        outbox.show(output)
    }
}

impl Drop {
    pub(super) async fn run(self, output: &Output) -> Result<(), Error> {
        let fits = |pending: &Pending| match pending.state {
            PendingState::Failed | PendingState::Settling => Ok(()),
            _ if pending.is_unsent() => Ok(()),
            at => Err(format!("is {}: the cloud may have it, and it cannot be dropped", state(at))),
        };
        let list = open(&self.store, output).await?;
        let dropped = each(&list, &self.numbers, fits, Dropped::of).await;
        let mut outbox = Outbox::of(&list);
        list.close().await?;
        outbox.dropped = dropped?;
        for Dropped { number, .. } in outbox.dropped.iter().filter(|it| it.is_dismissed()) {
            let why = "the cloud has it, and the list shows what the cloud said last";
            output.note(&format!("change {number} is dismissed: {why}"));
        }
        outbox.show(output)
    }
}

impl Dropped {
    /// Drops a change, or takes it back if it was not sent.
    async fn of(change: &Change, pending: &Pending) -> Result<Self, conv_api::Error> {
        let outcome = match pending.state {
            PendingState::Failed => {
                change.drop().await?;
                "failed"
            }
            PendingState::Settling => {
                change.drop().await?;
                match change.outcome().await? {
                    OutcomeKind::Dismissed => DISMISSED,
                    _ => "done",
                }
            }
            _ => {
                change.cancel().await?;
                "cancelled"
            }
        };
        Ok(Self { number: pending.number, outcome })
    }

    fn is_dismissed(&self) -> bool {
        self.outcome == DISMISSED
    }
}

const DISMISSED: &str = "dismissed";

/// Runs `act` on the chosen changes, if all of them are there and fit. Else it does nothing.
async fn each<T>(
    list: &Conversations,
    numbers: &[u64],
    fits: impl Fn(&Pending) -> Result<(), String>,
    act: impl AsyncFn(&Change, &Pending) -> Result<T, conv_api::Error>,
) -> Result<Vec<T>, Error> {
    let mut chosen = list.pending();
    chosen.retain(|pending| match numbers {
        [] => pending.state == PendingState::Failed,
        numbers => numbers.contains(&pending.number),
    });
    let is_absent = |number: &&u64| !chosen.iter().any(|pending| pending.number == **number);
    let absent: Vec<_> = numbers.iter().filter(is_absent).map(u64::to_string).collect();
    if !absent.is_empty() {
        let absent = absent.join(", ");
        let what = "nothing was done, and `conv outbox list` shows the changes";
        return Err(Error::NotFound(format!("no change {absent}: {what}")));
    }
    for pending in &chosen {
        fits(pending).map_err(|why| Error::Usage(format!("change {} {why}", pending.number)))?;
    }
    let mut acted = Vec::new();
    for pending in chosen {
        if let Some(change) = list.change(pending.number) {
            acted.push(act(&change, &pending).await?);
        }
    }
    Ok(acted)
}
