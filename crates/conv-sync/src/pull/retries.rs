//! When a failed call is tried again.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::Line;
use crate::{Retry, SourceError};

/// A pause: at least `least`, and up to `spread` more, drawn at random by the driver, so that
/// many clients do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delay {
    /// What the cloud asked for.
    pub least: Duration,
    /// The back-off's present ceiling.
    pub spread: Duration,
}

const MAX_TRIES: u32 = 5;
const FIRST_CEILING: Duration = Duration::from_millis(500);
const MAX_CEILING: Duration = Duration::from_secs(30);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);
/// How long a pass may go on trying, from its first failure on.
const BUDGET: Duration = Duration::from_secs(120);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Retries {
    listing: Tries,
    hydration: Tries,
    first_failure: Option<Duration>,
    resigned: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tries {
    failed: u32,
}

impl Retries {
    pub(super) fn succeeded(&mut self, line: Line) {
        *self.tries(line) = Tries::default();
    }

    /// How long to wait before the call is tried again; `None`: not again.
    pub(super) fn delay(
        &mut self,
        now: Duration,
        line: Line,
        error: &SourceError,
    ) -> Option<Delay> {
        let spent = now.saturating_sub(*self.first_failure.get_or_insert(now));
        let tries = self.tries(line);
        tries.failed += 1;
        let failed = tries.failed;
        let may = match error.retry() {
            Retry::Never => false,
            Retry::Once => failed <= 1,
            Retry::BackOff => failed < MAX_TRIES && spent < BUDGET,
            Retry::Resign => !std::mem::replace(&mut self.resigned, true),
        };
        may.then(|| Delay {
            least: error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER),
            spread: match error.retry() {
                Retry::Resign => Duration::ZERO,
                _ => ceiling(failed),
            },
        })
    }

    fn tries(&mut self, line: Line) -> &mut Tries {
        match line {
            Line::Listing => &mut self.listing,
            Line::Hydration => &mut self.hydration,
        }
    }
}

/// Doubles with each failure.
fn ceiling(failed: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
    FIRST_CEILING.saturating_mul(doubled).min(MAX_CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_tries_are_spent() {
        let mut retries = Retries::default();
        let mut spreads = Vec::new();
        while let Some(delay) = retries.delay(Duration::ZERO, Line::Listing, &SourceError::TimedOut)
        {
            spreads.push(delay.spread.as_millis());
        }
        assert_eq!(spreads, [500, 1000, 2000, 4000]);
    }

    #[test]
    fn what_cannot_succeed_is_not_tried_again() {
        let mut retries = Retries::default();
        assert_eq!(retries.delay(Duration::ZERO, Line::Listing, &SourceError::NotFound), None);
    }

    #[test]
    fn a_pass_does_not_try_for_ever() {
        let mut retries = Retries::default();
        let error = SourceError::TimedOut;
        assert!(retries.delay(Duration::ZERO, Line::Listing, &error).is_some());
        retries.succeeded(Line::Listing);
        assert!(retries.delay(BUDGET, Line::Listing, &error).is_none());
    }
}
