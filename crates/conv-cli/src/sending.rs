//! Waits until the cloud has the changes.

use std::time::Duration;

use conv_api::{
    Change, Conversations, ErrorClass, MutationFailure, PassStatus, Pending, PendingState,
};

use crate::{Error, interrupt::Interrupt};

/// The pause between two looks at the last pass.
const PAUSE: Duration = Duration::from_millis(20);
/// The time for calls in flight to be answered. A process that ends before leaves it in doubt whether the
/// cloud applied them, and a change in doubt cannot be cancelled.
const IN_FLIGHT: Duration = Duration::from_secs(5);

/// The end of a wait for the cloud.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The cloud acknowledged or refused every change.
    Sent,
    /// Some are not sent, for a reason that is known unless the cloud was merely slow.
    Unsent(Option<MutationFailure>),
    /// Ctrl-C came.
    Interrupted,
}

/// Waits until the cloud acknowledged or refused every change of the list. Ends before `timeout` once
/// waiting cannot help: the cloud refuses the app's account.
pub(crate) async fn flushed(
    list: &Conversations,
    timeout: Duration,
    interrupt: &mut Interrupt,
) -> Result<Ended, Error> {
    let flushed = async {
        let left = list.flush(timeout).await?;
        Ok(if left.is_empty() { Ended::Sent } else { Ended::Unsent(list.sending_failure()) })
    };
    unless_refused(list, flushed, interrupt).await
}

/// Like [`flushed`], for some of the list's changes.
pub(crate) async fn sent(
    list: &Conversations,
    changes: &[Change],
    timeout: Duration,
    interrupt: &mut Interrupt,
) -> Result<Ended, Error> {
    let all = async {
        for change in changes {
            match change.sent().await {
                Ok(_) => {}
                Err(conv_api::Error::Held(failure)) => return Ok(Ended::Unsent(Some(failure))),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Ended::Sent)
    };
    let in_time = async {
        let ended = tokio::time::timeout(timeout, all).await;
        ended.unwrap_or_else(|_| Ok(Ended::Unsent(list.sending_failure())))
    };
    unless_refused(list, in_time, interrupt).await
}

/// Waits for `ended`, but no longer once Ctrl-C came, or the cloud refuses the app's account to a pass:
/// a deletion waits for one.
async fn unless_refused(
    list: &Conversations,
    ended: impl Future<Output = Result<Ended, Error>>,
    interrupt: &mut Interrupt,
) -> Result<Ended, Error> {
    let ended = tokio::select! {
        biased;
        ended = ended => ended?,
        came = interrupt.came() => return Ok(came.map(|()| Ended::Interrupted)?),
        () = refused_pass(list) => Ended::Unsent(None),
    };
    if let Ended::Unsent(_) = ended {
        // A call that takes longer stays in doubt.
        let _ = tokio::time::timeout(IN_FLIGHT, answered(list)).await;
        return Ok(Ended::Unsent(list.sending_failure()));
    }
    Ok(ended)
}

async fn answered(list: &Conversations) {
    while list.changes_report().sending > 0 {
        tokio::time::sleep(PAUSE).await;
    }
}

async fn refused_pass(list: &Conversations) {
    let is_refused = || match list.sync_report().pass {
        PassStatus::Failed(failure) => failure.class == ErrorClass::Auth,
        _ => false,
    };
    while !is_refused() {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns true if the cloud has neither acknowledged nor refused a change.
pub(crate) fn is_unsent(pending: &Pending) -> bool {
    !matches!(pending.state, PendingState::Settling | PendingState::Failed)
}
