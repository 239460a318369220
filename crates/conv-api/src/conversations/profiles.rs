//! Full profiles: read once at a time, kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_model::{ConversationId, ConversationPatch, Seq};
use conv_sync::{ProfileRequest, SourceError};
use tokio::sync::OnceCell;

use crate::{
    Error,
    caught::{Panicked, caught},
    passes::PassContext,
};

/// The maximum number of profiles kept; beyond it the oldest go.
const CAPACITY: usize = 1_000;

/// `None`: the cloud has no such user or group.
type Lookup = Arc<OnceCell<Option<ConversationPatch>>>;

/// A profile that was asked for.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) patch: ConversationPatch,
    /// If this caller read it from the source: the last stored write that was known when it asked.
    pub(crate) asked: Option<Seq>,
}

#[derive(Debug)]
pub(crate) struct Profiles {
    freshness: Duration,
    kept: Mutex<HashMap<ConversationId, (Duration, Lookup)>>,
}

impl Profiles {
    pub(crate) fn new(freshness: Duration) -> Self {
        Self { freshness, kept: Mutex::new(HashMap::new()) }
    }

    /// Returns the profile of a user or group: a fresh one from memory, else from the source. Calls
    /// during the read wait for the same answer. "Not found" is an answer, and kept; any other error
    /// is not.
    pub(crate) async fn get(
        &self,
        context: &PassContext,
        id: &ConversationId,
    ) -> Result<Looked, Error> {
        let lookup = self.lookup(context.clock.now(), id);
        let mut asked = None;
        let read = || async {
            let request = ProfileRequest::new(context.account.clone(), id.clone());
            match caught(context.source.profile(&request)).await {
                Ok(Ok(profile)) => Ok(Some(profile.patch)),
                Ok(Err(SourceError::NotFound)) => Ok(None),
                Ok(Err(error)) => Err(Error::Source(error)),
                Err(Panicked) => Err(Error::Panicked),
            }
        };
        let found = lookup.get_or_try_init(|| {
            asked = Some(context.store.snapshot().written());
            read()
        });
        let patch = found.await?.clone().ok_or(SourceError::NotFound)?;
        Ok(Looked { patch, asked })
    }

    fn lookup(&self, now: Duration, id: &ConversationId) -> Lookup {
        let mut kept = self.lock();
        if let Some((since, lookup)) = kept.get(id) {
            if now.saturating_sub(*since) < self.freshness {
                return Arc::clone(lookup);
            }
        }
        if kept.len() >= CAPACITY {
            let oldest = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(id, _)| id.clone());
            oldest.and_then(|id| kept.remove(&id));
        }
        let lookup = Lookup::default();
        kept.insert(id.clone(), (now, Arc::clone(&lookup)));
        lookup
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, (Duration, Lookup)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
