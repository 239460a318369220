//! One pass, in its turn: among the accounts of this process, and among processes.

use conv_model::{Coverage, Seq};
use conv_store::{Holder, LeaseGrant, StoreError};

use super::{Outcome, PassContext, State, pass::pass, queue::Admission, task::Task};
use crate::{Error, reached::reached};

/// The number of tries of a pass that another process supersedes.
const TRIES: usize = 3;

impl Task {
    /// One pass when its turn comes, or the end of one that another process makes.
    pub(super) async fn once(&mut self, mut admission: Option<Admission>) -> Outcome {
        let mut tries = 0;
        loop {
            let permit = self.room(admission.take()).await?;
            let lease = match self.lease().await? {
                Some(LeaseGrant::Theirs(holder)) => {
                    drop(permit);
                    // It may not see a change that this process was asked to look for.
                    let will_do = self.shared.state.borrow().is_served();
                    match self.ended(&holder).await? {
                        Some(written) if will_do && self.shows(written).await => return Ok(()),
                        Some(_) if self.is_done().await => return Ok(()),
                        _ => continue,
                    }
                }
                Some(LeaseGrant::Ours(lease)) if self.is_done().await => {
                    lease.give_back(None).await;
                    return Ok(());
                }
                Some(LeaseGrant::Ours(lease)) => Some(lease),
                None => None,
            };
            // It sees what was asked for while it waited.
            self.shared.state.send_modify(State::begin);
            let outcome = pass(&self.context, permit, self.signals.clone()).await;
            let written = outcome.as_ref().ok().map(|(written, _)| *written);
            let outcome = outcome.map(|(_, finished)| {
                self.shared.finished.send_replace(Some(finished));
            });
            let Some(lease) = lease else { return outcome };
            lease.give_back(written).await;
            tries += 1;
            if tries >= TRIES || !is_superseded(&outcome) {
                return outcome;
            }
        }
    }

    /// Asks for the lease, if there are leases.
    async fn lease(&self) -> Result<Option<LeaseGrant>, Error> {
        match &self.context.leases {
            Some(leases) => Ok(Some(leases.take(&self.context.account).await?)),
            None => Ok(None),
        }
    }

    /// Waits until another process's pass ended. Returns its last stored write; `None` if it did not
    /// finish, or if that is unknown.
    async fn ended(&self, holder: &Holder) -> Result<Option<Seq>, Error> {
        let Some(leases) = &self.context.leases else { return Ok(None) };
        let mut open = self.signals.open.clone();
        tokio::select! {
            biased;
            _ = open.wait_for(|is_open| !is_open) => Err(Error::Stopped),
            written = leases.ended(&self.context.account, holder) => Ok(written?),
        }
    }

    /// Returns true if another process made the pass meanwhile: it began after all that was asked for, and
    /// the list shows it.
    async fn is_done(&self) -> bool {
        let PassContext { leases, clock, account, .. } = &self.context;
        let (Some(leases), Some(latest)) = (leases, self.shared.state.borrow().latest()) else {
            return false;
        };
        // Before the question: the answer may be late.
        let now = clock.now();
        let Ok(Some(last)) = leases.last(account).await else { return false };
        let is_after = now.checked_sub(last.age).is_some_and(|taken| taken > latest);
        if !is_after || !self.shows(last.written).await {
            return false;
        }
        let mut is_done = false;
        self.shared.state.send_modify(|state| is_done = state.join(latest));
        is_done
    }

    /// Waits until the list has the last write of a pass that finished elsewhere. Returns false if
    /// it is not complete then, or if the write does not come.
    async fn shows(&self, written: Seq) -> bool {
        let PassContext { store, clock, .. } = &self.context;
        let shown = reached(&**store, &**clock, written).await;
        shown.is_some_and(|snapshot| snapshot.sync().coverage == Coverage::Complete)
    }
}

/// Returns true if a later pass began, also after a server lost the writes of this one.
fn is_superseded(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Store(StoreError::Superseded(_))))
}
