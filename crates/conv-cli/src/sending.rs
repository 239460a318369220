//! Waits until the cloud has what was changed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use conv_api::{
    Conversations, ErrorClass, MutationFailure, PassStatus, Pending, PendingState,
    model::PassFailure,
};

use crate::{Error, interrupt::Interrupt};

/// The pause between two looks at the changes.
const PAUSE: Duration = Duration::from_millis(20);

/// How a wait for the cloud ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The cloud acknowledged or refused every change.
    Sent,
    /// Some are not sent, for a reason that is known unless the cloud was merely slow.
    Unsent(Option<MutationFailure>),
    /// Ctrl-C came.
    Interrupted,
}

/// A wait for the cloud. It begins with the list, before anything of it can be sent.
#[derive(Debug)]
pub(crate) struct Wait {
    /// The changes that were held at first, with the number of times that each was sent. An earlier
    /// process held them, and this one sends them once more.
    held: BTreeMap<u64, u32>,
}

impl Wait {
    pub(crate) fn begin(list: &Conversations) -> Self {
        let pending = list.pending();
        let held = pending.iter().filter(|pending| pending.state == PendingState::Held);
        Self { held: held.map(|pending| (pending.number, pending.attempts)).collect() }
    }

    /// Waits until the cloud acknowledged or refused those changes whose numbers `is_waited_for`
    /// takes. Ends before `timeout` once waiting cannot help: the cloud refuses the app's account.
    pub(crate) async fn sent(
        &self,
        list: &Conversations,
        is_waited_for: impl Fn(u64) -> bool,
        timeout: Duration,
        interrupt: &mut Interrupt,
    ) -> Result<Ended, Error> {
        let began = Instant::now();
        loop {
            let mut unsent = list.pending();
            unsent.retain(|pending| is_unsent(pending) && is_waited_for(pending.number));
            if unsent.is_empty() {
                return Ok(Ended::Sent);
            }
            if let Some(failure) = self.newly_held(list).or_else(|| refused_pass(list)) {
                return Ok(Ended::Unsent(Some(failure)));
            }
            if began.elapsed() >= timeout {
                let failure = unsent.iter().find_map(|pending| pending.failure.clone());
                return Ok(Ended::Unsent(failure.or_else(|| failed_pass(list))));
            }
            tokio::select! {
                biased;
                came = interrupt.came() => {
                    came?;
                    return Ok(Ended::Interrupted);
                }
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Returns the reason for which a change is held by now.
    fn newly_held(&self, list: &Conversations) -> Option<MutationFailure> {
        list.pending().iter().find_map(|pending| {
            let is_held = pending.state == PendingState::Held;
            let sent = self.held.get(&pending.number);
            let is_new = sent.is_none_or(|sent| pending.attempts > *sent);
            pending.failure.clone().filter(|_| is_held && is_new)
        })
    }
}

/// Returns whether the cloud has neither acknowledged nor refused a change.
pub(crate) fn is_unsent(pending: &Pending) -> bool {
    !matches!(pending.state, PendingState::Settling | PendingState::Failed)
}

/// Returns the reason for which the cloud refused the last pass, if the app's account is at fault.
fn refused_pass(list: &Conversations) -> Option<MutationFailure> {
    failed_pass(list).filter(|failure| failure.class == ErrorClass::Auth)
}

fn failed_pass(list: &Conversations) -> Option<MutationFailure> {
    let PassStatus::Failed(PassFailure { class, code, message, .. }) = list.sync_report().pass
    else {
        return None;
    };
    Some(MutationFailure::new(class, Some(code), message))
}
