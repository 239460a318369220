//! Rows whose retention ended while the cloud is out of reach.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_model::{Delta, Prune, Timestamp};

use super::PassContext;

/// The time that the cloud gave in its last reply, with the moment of the local clock at which the
/// reply came. Unknown until the cloud gives one.
#[derive(Debug, Default)]
pub(crate) struct LastReply(Mutex<Option<(Timestamp, Duration)>>);

impl LastReply {
    /// Notes the time of a reply that came at a moment.
    pub(super) fn note(&self, time: Option<Timestamp>, came: Duration) {
        if let Some(time) = time {
            *self.lock() = Some((time, came));
        }
    }

    /// Returns the cloud's time at a moment; `None` if no reply gave one.
    fn at(&self, moment: Duration) -> Option<Timestamp> {
        let (time, came) = (*self.lock())?;
        Some(time.plus_secs(moment.saturating_sub(came).as_secs()))
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Option<(Timestamp, Duration)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the rows whose retention ended since the last finished pass. A pass that finishes needs no
/// such step: the cloud lists no row that it no longer keeps.
pub(super) async fn expire(context: &PassContext) {
    let Some(retention) = context.source.capabilities().retention else { return };
    let Some(now) = context.last_reply.at(context.clock.now()) else { return };
    let mut delta = Delta::default();
    delta.prune = Some(Prune::Expired { now, retention });
    if let Err(error) = context.store.apply(delta).await {
        tracing::debug!(%error, "expired rows could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clouds_time_goes_on_from_the_last_reply_that_gave_one() {
        let (reply, secs) = (LastReply::default(), Duration::from_secs);
        assert_eq!(reply.at(secs(7)), None);
        reply.note(None, secs(7));
        assert_eq!(reply.at(secs(7)), None);
        reply.note(Some(Timestamp::from_secs(100)), secs(10));
        reply.note(None, secs(20));
        assert_eq!(reply.at(secs(25)), Some(Timestamp::from_secs(115)));
        reply.note(Some(Timestamp::from_secs(90)), secs(30));
        assert_eq!(reply.at(secs(31)), Some(Timestamp::from_secs(91)));
    }
}
