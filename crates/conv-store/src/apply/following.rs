//! Following the writes of other stores on the same engine.

use std::{sync::Arc, time::Duration};

use conv_model::{Seq, SyncState};
use tokio::time::{Instant, sleep};

use crate::{Engine, StoreError};

/// The pause before a store that lost touch follows again: the first one, and the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Follows the writes of other stores, or waits for a pause to end before it tries again.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// Set while the writes of others go unheard.
    deaf: Option<Deaf>,
    /// The last time it could follow again, and the pause before that.
    resumed: Option<(Instant, Duration)>,
}

/// A store that is not notified of the writes of others.
#[derive(Debug)]
struct Deaf {
    /// The sync state published before. Until the store follows again it publishes a preview.
    before: Arc<SyncState>,
    pause: Duration,
}

impl Following {
    /// Waits for the write of another store after `written`, or for the end of the pause.
    pub(super) async fn wait(&self, engine: &dyn Engine, written: Seq) -> Result<(), StoreError> {
        match &self.deaf {
            Some(deaf) => {
                sleep(deaf.pause).await;
                Ok(())
            }
            None => engine.follow(written).await,
        }
    }

    /// Returns the pause to make if following fails now.
    ///
    /// Loading once more does not end the trouble: a store whose following failed again sooner than
    /// after its last pause would otherwise load everything ten times a second.
    pub(super) fn next_pause(&self) -> Duration {
        let last = match (&self.deaf, self.resumed) {
            (Some(deaf), _) => Some(deaf.pause),
            (None, Some((at, pause))) if at.elapsed() <= pause => Some(pause),
            _ => None,
        };
        last.map_or(PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE))
    }

    /// Stops following for a pause; `published` is the sync state published so far.
    pub(super) fn stop(&mut self, published: &Arc<SyncState>, pause: Duration) {
        let before = self.before().unwrap_or_else(|| Arc::clone(published));
        self.deaf = Some(Deaf { before, pause });
    }

    /// Follows again, after everything was loaded.
    pub(super) fn resume(&mut self) {
        if let Some(deaf) = self.deaf.take() {
            self.resumed = Some((Instant::now(), deaf.pause));
        }
    }

    /// Returns the sync state published before the store lost touch, if it did.
    pub(super) fn before(&self) -> Option<Arc<SyncState>> {
        self.deaf.as_ref().map(|deaf| Arc::clone(&deaf.before))
    }
}
