//! Detects other users of this core.
//!
//! On machines that share their cores, work takes up to twice as long while a neighbour is busy,
//! for half a second or for minutes, and some work is slowed more than other: not even ratios stay.
//! Fixed work in registers shows it, since alone it always takes the same time.

use std::{
    hint::black_box,
    sync::{LazyLock, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Rounds of the fixed work: some twenty microseconds.
const ROUNDS: u64 = 10_000;
/// The time that the fixed work may take, in its shortest times so far.
const ALONE: f64 = 1.05;
/// Waiting that is always granted. Beyond that a run waits no longer than it measures.
const PATIENCE: Duration = Duration::from_secs(10);

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

/// The measurements of this process's core.
struct Seen {
    begun: Instant,
    waited: Duration,
    /// The shortest time of the fixed work.
    shortest: Duration,
}

/// Returns true if the process seems to be alone on its core now, judged by how fast the core has
/// been. A patient caller waits for that, but not for ever.
pub fn are_quiet(is_patient: bool) -> bool {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let patience = if is_patient { PATIENCE + seen.begun.elapsed() / 2 } else { Duration::ZERO };
    seen.are_quiet(patience)
}

/// Returns the time that this process has waited for its neighbours.
pub fn waited() -> Duration {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).waited
}

impl Default for Seen {
    fn default() -> Self {
        Self { begun: Instant::now(), waited: Duration::ZERO, shortest: Duration::MAX }
    }
}

impl Seen {
    /// Waits for it until all waiting together has taken so long.
    fn are_quiet(&mut self, patience: Duration) -> bool {
        loop {
            let is_quiet = self.is_fast();
            if is_quiet || self.waited >= patience {
                return is_quiet;
            }
            self.wait();
        }
    }

    fn is_fast(&mut self) -> bool {
        let took = fixed_work().min(fixed_work());
        self.shortest = self.shortest.min(took);
        took <= self.shortest.mul_f64(ALONE)
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        thread::sleep(Duration::from_millis(1));
        self.waited += begun.elapsed();
    }
}

fn fixed_work() -> Duration {
    let begun = Instant::now();
    let mut numbers = [1_u64, 2, 3, 4, 5, 6, 7, 8];
    for round in 0..ROUNDS {
        for number in &mut numbers {
            *number = (*number ^ round).rotate_left(7).wrapping_add(round);
        }
        black_box(&mut numbers);
    }
    begun.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_finds_nobody() {
        assert!(Seen::default().are_quiet(Duration::ZERO));
    }

    #[test]
    fn a_core_that_stays_slow_is_waited_for_only_so_long() {
        // As fast as nothing can be.
        let mut seen = Seen { shortest: Duration::ZERO, ..Seen::default() };
        assert!(!seen.are_quiet(Duration::ZERO));
        assert!(seen.waited.is_zero());
        assert!(!seen.are_quiet(Duration::from_millis(5)));
        assert!(!seen.waited.is_zero());
    }
}
