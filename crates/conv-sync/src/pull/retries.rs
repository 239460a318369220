//! The retries of failed calls.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::{Retry, SourceError};

/// A pause of `least` plus a random part of `spread`, which the driver draws so that many clients
/// do not retry at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delay {
    /// The pause that the cloud asked for.
    pub least: Duration,
    /// The back-off's current ceiling.
    pub spread: Duration,
}

const MAX_TRIES: u32 = 5;
const FIRST_CEILING: Duration = Duration::from_millis(500);
const MAX_CEILING: Duration = Duration::from_secs(30);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);
/// The maximum time for retries of a call, from its first failure on.
const BUDGET: Duration = Duration::from_secs(120);

/// The retries of one call. They begin with the call and end with its answer, so no call uses up
/// the retries of another.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tries {
    failed: u32,
    first_failure: Option<Duration>,
    unknown_codes: u32,
    refused_signatures: u32,
}

impl Tries {
    /// Returns the pause before the next attempt; `None` if the call may not be retried.
    pub(super) fn delay(&mut self, now: Duration, error: &SourceError) -> Option<Delay> {
        let spent = now.saturating_sub(*self.first_failure.get_or_insert(now));
        let spread = match error.retry() {
            Retry::Never => return None,
            // Calls in flight together are refused together, each once; the source signs again for
            // the first. A refusal of the new signature is final.
            Retry::Reauthenticate => {
                self.refused_signatures += 1;
                (self.refused_signatures <= 1).then_some(Duration::ZERO)
            }
            Retry::Once => {
                self.unknown_codes += 1;
                self.failed += 1;
                (self.unknown_codes <= 1 && self.may_back_off(spent)).then(|| ceiling(self.failed))
            }
            Retry::BackOff => {
                self.failed += 1;
                self.may_back_off(spent).then(|| ceiling(self.failed))
            }
        }?;
        Some(Delay { least: error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER), spread })
    }

    fn may_back_off(&self, spent: Duration) -> bool {
        self.failed < MAX_TRIES && spent < BUDGET
    }
}

/// Returns the back-off's ceiling, which doubles with each failure.
fn ceiling(failed: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
    FIRST_CEILING.saturating_mul(doubled).min(MAX_CEILING)
}

#[cfg(test)]
mod tests {
    use conv_model::ErrorClass;

    use super::*;

    fn refused(retry: Retry) -> SourceError {
        let message = String::from("refused");
        SourceError::Cloud { code: 1, class: ErrorClass::Cloud, retry, message, retry_after: None }
    }

    #[test]
    fn pauses_grow_until_the_tries_are_spent() {
        let mut tries = Tries::default();
        let mut spreads = Vec::new();
        while let Some(delay) = tries.delay(Duration::ZERO, &SourceError::TimedOut) {
            spreads.push(delay.spread.as_millis());
        }
        assert_eq!(spreads, [500, 1000, 2000, 4000]);
    }

    #[test]
    fn hopeless_calls_are_not_tried_again() {
        assert_eq!(Tries::default().delay(Duration::ZERO, &SourceError::NotFound), None);
    }

    #[test]
    fn a_call_is_not_tried_for_ever() {
        let mut tries = Tries::default();
        let error = SourceError::TimedOut;
        assert!(tries.delay(Duration::ZERO, &error).is_some());
        assert!(tries.delay(BUDGET, &error).is_none());
    }

    #[test]
    fn a_timeout_does_not_spend_the_one_try_of_an_unknown_code() {
        let mut tries = Tries::default();
        assert!(tries.delay(Duration::ZERO, &SourceError::TimedOut).is_some());
        assert!(tries.delay(Duration::ZERO, &refused(Retry::Once)).is_some());
        assert!(tries.delay(Duration::ZERO, &refused(Retry::Once)).is_none());
    }

    #[test]
    fn a_new_signature_is_asked_for_once_per_call() {
        let mut tries = Tries::default();
        assert!(tries.delay(Duration::ZERO, &refused(Retry::Reauthenticate)).is_some());
        assert!(tries.delay(Duration::ZERO, &refused(Retry::Reauthenticate)).is_none());
    }
}
