//! The features that the app's plan turned out to lack.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use conv_model::{Mutation, Outcome, OutcomeKind};

/// The cloud's code for marks and conversation groups that the plan does not include.
const NOT_IN_PLAN: i32 = 51013;

/// The time for which the cloud's word is believed: a plan may be upgraded.
const BELIEVED: Duration = Duration::from_secs(10 * 60);

/// The features that the app's plan turned out to lack: marks, and conversation groups. Shared by
/// all accounts, since the plan is the app's.
#[derive(Debug, Default)]
pub(crate) struct Edition(Mutex<Option<Duration>>);

impl Edition {
    /// Takes over what outcomes say of the plan, at a moment of the list's clock.
    pub(super) fn note(&self, outcomes: &[Outcome], now: Duration) {
        for outcome in outcomes.iter().filter(|outcome| is_extra(&outcome.mutation)) {
            let lacks = match &outcome.kind {
                OutcomeKind::Done => None,
                OutcomeKind::Failed(failure) if failure.code == Some(NOT_IN_PLAN) => Some(now),
                _ => continue,
            };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lacks;
        }
    }

    /// Returns true if the cloud said lately that the plan does not include a mutation.
    pub(super) fn lacks(&self, mutation: &Mutation, now: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        is_extra(mutation) && since.is_some_and(|since| now.saturating_sub(since) < BELIEVED)
    }
}

fn is_extra(mutation: &Mutation) -> bool {
    use Mutation::{Group, Mark, Member};
    matches!(mutation, Mark { .. } | Member { .. } | Group { .. })
}
