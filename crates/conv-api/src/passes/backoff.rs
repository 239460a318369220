//! The pauses of passes after a failure.

use std::time::Duration;

use conv_sync::Clock;

/// The pause after the first pass that failed; each further one doubles it.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);

/// The longest pause that the cloud may ask for: a wrong number must not silence a list.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// Returns the pause after some passes of one account failed in a row: from 5 seconds to 5 minutes,
/// and never less than the cloud asked for, up to an hour.
///
/// The upper half is drawn at random, so that accounts that failed together do not come back
/// together.
pub(crate) fn backoff(failed: u32, retry_after: Option<Duration>, clock: &dyn Clock) -> Duration {
    let doublings = failed.saturating_sub(1).min(16);
    let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    jittered(longest, clock).max(retry_after.unwrap_or_default().min(LONGEST_ASKED))
}

/// Returns a time between half of `longest` and `longest`.
pub(super) fn jittered(longest: Duration, clock: &dyn Clock) -> Duration {
    longest.mul_f64(0.5 + clock.chance().clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    #[derive(Debug)]
    struct Chance(f64);

    #[async_trait]
    impl Clock for Chance {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        async fn sleep(&self, _: Duration) {}

        fn chance(&self) -> f64 {
            self.0
        }
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let pauses = [1, 2, 3, 6, 7, 8, u32::MAX].map(|n| backoff(n, None, &Chance(1.0)).as_secs());
        assert_eq!(pauses, [5, 10, 20, 160, 300, 300, 300]);
    }

    #[test]
    fn the_upper_half_is_jitter() {
        assert_eq!(backoff(2, None, &Chance(0.0)), Duration::from_secs(5));
        assert_eq!(backoff(2, None, &Chance(0.5)), Duration::from_millis(7_500));
    }

    #[test]
    fn the_clouds_word_is_kept_up_to_an_hour() {
        let asked = [600, 3_600, u64::MAX].map(|seconds| Some(Duration::from_secs(seconds)));
        let pauses = asked.map(|asked| backoff(1, asked, &Chance(0.0)).as_secs());
        assert_eq!(pauses, [600, 3_600, 3_600]);
    }
}
