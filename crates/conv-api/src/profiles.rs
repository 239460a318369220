//! Full profiles: read once at a time, kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_model::{ConversationId, ConversationPatch};
use conv_sync::{ProfileRequest, SourceError};
use tokio::sync::OnceCell;

use crate::flight::Route;

/// The most profiles kept; beyond it the oldest go.
const CAPACITY: usize = 1_000;

/// `None`: the cloud said that there is nobody.
type Looked = Arc<OnceCell<Option<ConversationPatch>>>;

#[derive(Debug)]
pub(crate) struct Profiles {
    freshness: Duration,
    kept: Mutex<HashMap<ConversationId, (Duration, Looked)>>,
}

impl Profiles {
    pub(crate) fn new(freshness: Duration) -> Self {
        Self { freshness, kept: Mutex::new(HashMap::new()) }
    }

    /// The profile of a user or group: a fresh one from memory, else from the source. Who asks
    /// while it is being read waits for the same answer. That there is nobody is an answer, too,
    /// and kept; any other error is not.
    pub(crate) async fn get(
        &self,
        route: &Route,
        id: &ConversationId,
    ) -> Result<ConversationPatch, SourceError> {
        let looked = self.looked(route.clock.now(), id);
        let read = || async {
            let request = ProfileRequest::new(route.account.clone(), id.clone());
            match route.source.profile(&request).await {
                Ok(profile) => Ok(Some(profile.patch)),
                Err(SourceError::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        };
        looked.get_or_try_init(read).await?.clone().ok_or(SourceError::NotFound)
    }

    fn looked(&self, now: Duration, id: &ConversationId) -> Looked {
        let mut kept = self.lock();
        if let Some((since, looked)) = kept.get(id) {
            if now.saturating_sub(*since) < self.freshness {
                return Arc::clone(looked);
            }
        }
        if kept.len() >= CAPACITY {
            let oldest = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(id, _)| id.clone());
            oldest.and_then(|id| kept.remove(&id));
        }
        let looked = Looked::default();
        kept.insert(id.clone(), (now, Arc::clone(&looked)));
        looked
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, (Duration, Looked)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
