//! Pauses: of mutations that failed for now, of kinds of calls that were too many, and the one alarm
//! for moments that are known beforehand.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{SendEffect, SendId};
use crate::{SourceError, WriteKind, pull::Delay};

const FIRST_CEILING: Duration = Duration::from_millis(500);
/// The longest pause: of a back-off, and that a cloud can ask for.
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pauses {
    open: BTreeMap<SendId, Pause>,
    /// The refusals in a row of each kind of call, for being too many.
    refused: BTreeMap<WriteKind, u32>,
    /// The calls in a row of each kind that found no connection. They are no attempts, so that the
    /// stored number of these says nothing of them.
    unreached: BTreeMap<WriteKind, u32>,
    alarm: Option<(SendId, Duration)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Pause {
    what: Paused,
    delay: Delay,
}

#[derive(Debug, Serialize, Deserialize)]
enum Paused {
    /// Mutations that failed together are retried together.
    Numbers(Vec<u64>),
    Kind(WriteKind),
}

impl Pauses {
    pub(super) fn is_paused(&self, number: u64, kind: WriteKind) -> bool {
        self.open.values().any(|pause| match &pause.what {
            Paused::Numbers(numbers) => numbers.contains(&number),
            Paused::Kind(paused) => *paused == kind,
        })
    }

    /// Pauses mutations that failed for now; `attempts` is how often they were sent.
    pub(super) fn numbers(
        &mut self,
        id: SendId,
        numbers: Vec<u64>,
        attempts: u32,
        asked: Option<Duration>,
    ) -> SendEffect {
        self.pause(id, Paused::Numbers(numbers), attempts, asked)
    }

    /// Pauses a kind of call, of which there were too many.
    pub(super) fn kind(&mut self, id: SendId, kind: WriteKind, error: &SourceError) -> SendEffect {
        let refused = self.refused.entry(kind).or_default();
        *refused = refused.saturating_add(1);
        let refused = *refused;
        self.pause(id, Paused::Kind(kind), refused, error.retry_after())
    }

    fn pause(
        &mut self,
        id: SendId,
        what: Paused,
        failed: u32,
        asked: Option<Duration>,
    ) -> SendEffect {
        let least = asked.unwrap_or_default().min(MAX_PAUSE);
        let delay = Delay { least, spread: ceiling(failed) };
        self.open.insert(id, Pause { what, delay });
        SendEffect::Wait { pause: id, delay }
    }

    /// The cloud takes calls of a kind again.
    pub(super) fn accepted(&mut self, kind: WriteKind) {
        self.refused.remove(&kind);
        self.unreached.remove(&kind);
    }

    /// Counts a call that found no connection; any other answer begins again. Returns the number in a
    /// row.
    pub(super) fn unreached(&mut self, kind: WriteKind, is_unreached: bool) -> u32 {
        if !is_unreached {
            self.unreached.remove(&kind);
            return 0;
        }
        let unreached = self.unreached.entry(kind).or_default();
        *unreached = unreached.saturating_add(1);
        *unreached
    }

    pub(super) fn woke(&mut self, id: SendId) {
        self.open.remove(&id);
        self.alarm.take_if(|(alarm, _)| *alarm == id);
    }

    /// Ends all pauses but those that the cloud asked for.
    pub(super) fn end(&mut self) {
        self.open.retain(|_, pause| pause.delay.least > Duration::ZERO);
        self.refused.clear();
        self.unreached.clear();
    }

    /// Begins all pauses again, for a driver that knows nothing of them.
    pub(super) fn begin_again(&mut self) -> Vec<SendEffect> {
        self.alarm = None;
        let open = self.open.iter();
        open.map(|(id, pause)| SendEffect::Wait { pause: *id, delay: pause.delay }).collect()
    }

    /// Returns whether the alarm has to be set, since it is not, or for a later moment.
    pub(super) fn lacks_alarm(&self, moment: Duration) -> bool {
        self.alarm.is_none_or(|(_, set)| moment < set)
    }

    /// Sets the alarm in place of a later one.
    pub(super) fn set_alarm(&mut self, id: SendId, now: Duration, moment: Duration) -> SendEffect {
        self.alarm = Some((id, moment));
        let delay = Delay { least: moment.saturating_sub(now), spread: Duration::ZERO };
        SendEffect::Wait { pause: id, delay }
    }
}

/// Doubles with each failure.
fn ceiling(failed: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
    FIRST_CEILING.saturating_mul(doubled).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_five_minutes() {
        let ceilings: Vec<_> = (1..=12).map(|failed| ceiling(failed).as_millis()).collect();
        assert_eq!(ceilings[..4], [500, 1_000, 2_000, 4_000]);
        assert_eq!(ceilings[10..], [300_000, 300_000]);
    }

    #[test]
    fn a_pause_that_the_cloud_asked_for_is_bounded() {
        let asked = Some(Duration::from_secs(86_400));
        let SendEffect::Wait { delay, .. } =
            Pauses::default().numbers(SendId::default(), vec![1], 1, asked)
        else {
            panic!("a pause");
        };
        assert_eq!(delay.least, MAX_PAUSE);
    }
}
