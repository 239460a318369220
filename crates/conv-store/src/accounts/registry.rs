//! Opening, wiping and closing accounts.

use std::sync::{Arc, Mutex, MutexGuard};

use conv_model::AccountId;
use thiserror::Error;
use tokio::{runtime::Handle, sync::watch};

use super::{
    AccountEngines,
    guarded::Guarded,
    in_use::InUse,
    place::{Outcome, Place, Work},
};
use crate::{ConversationStore, Engine, IndexedStore, MemoryLeases, StoreError, sync::lock};

/// The open accounts of some engines.
pub(super) struct Registry<E: AccountEngines> {
    pub(super) engines: E,
    /// For handles of this process, if the engines have no leases of their own.
    pub(super) send_leases: MemoryLeases,
    state: Mutex<State<E::Engine>>,
    /// Held by the one call that closes.
    closing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<E> {
    stage: Stage,
    places: InUse<Place<E>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Closing,
    Closed,
}

/// The state in which a caller who wants the account open finds it.
enum Found {
    Store(Arc<IndexedStore>),
    /// Another caller opens or wipes it already.
    Others(Work),
    Ours(Work),
}

impl<E: AccountEngines> Registry<E> {
    pub(super) fn new(engines: E) -> Self {
        let state = State { stage: Stage::Open, places: InUse::default() };
        Self {
            engines,
            send_leases: MemoryLeases::new(),
            state: Mutex::new(state),
            closing: tokio::sync::Mutex::default(),
        }
    }

    /// Returns the store of an account, opened if need be.
    pub(super) async fn open(
        self: &Arc<Self>,
        account: &AccountId,
    ) -> Result<Arc<IndexedStore>, StoreError> {
        loop {
            let (work, is_ours) = match self.find_or_open(account)? {
                Found::Store(store) => return Ok(store),
                Found::Others(work) => (work, false),
                Found::Ours(work) => (work, true),
            };
            match ended(work).await {
                Some(Outcome::Opened(result)) => return result,
                // Another opening that was interrupted, or a wipe: the account is free now.
                _ if !is_ours => {}
                _ => return Err(StoreError::engine(Interrupted)),
            }
        }
    }

    /// Closes the store of an account and wipes the account.
    pub(super) async fn wipe(self: &Arc<Self>, account: &AccountId) -> Result<(), StoreError> {
        loop {
            let (work, is_ours) = self.find_or_wipe(account)?;
            match ended(work).await {
                Some(Outcome::Wiped(result)) if is_ours => return result,
                _ if !is_ours => {}
                _ => return Err(StoreError::engine(Interrupted)),
            }
        }
    }

    /// Closes all stores, then the engines. A call that was dropped is continued by the next one.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let _closing = self.closing.lock().await;
        let (works, stores, engines) = self.begin_closing()?;
        for work in works {
            ended(work).await;
        }
        let mut result = Ok(());
        for store in stores {
            result = result.and(closed(&store).await);
        }
        for engine in engines {
            // Its store was closed just now, or is gone and may still write.
            result = result.and(engine.close().await);
        }
        result = result.and(self.engines.close().await);
        self.state().stage = Stage::Closed;
        result
    }

    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        self.state().check_open()
    }

    /// Returns the number of accounts in use, and perhaps of some that were.
    pub(super) fn len(&self) -> usize {
        self.state().places.len()
    }

    fn find_or_open(self: &Arc<Self>, account: &AccountId) -> Result<Found, StoreError> {
        let mut state = self.state();
        state.check_open()?;
        let place = state.places.entry(account);
        if let Some(work) = place.work() {
            return Ok(Found::Others(work));
        }
        if let Some(store) = place.store() {
            return Ok(Found::Store(store));
        }
        let (registry, id) = (Arc::clone(self), account.clone());
        let opening = async move { Outcome::Opened(registry.opened(&id).await) };
        let work = place.work.insert(self.begin(account, opening)?).clone();
        Ok(Found::Ours(work))
    }

    /// Starts a wipe, unless the account is being opened or wiped. Returns true if it did.
    fn find_or_wipe(self: &Arc<Self>, account: &AccountId) -> Result<(Work, bool), StoreError> {
        let mut state = self.state();
        state.check_open()?;
        self.engines.check_writable()?;
        let place = state.places.entry(account);
        if let Some(work) = place.work() {
            return Ok((work, false));
        }
        let (store, engine) = (place.store(), place.engine.upgrade());
        let (registry, id) = (Arc::clone(self), account.clone());
        let wipe = async move { Outcome::Wiped(registry.wiped(&id, store, engine).await) };
        let work = place.work.insert(self.begin(account, wipe)?).clone();
        Ok((work, true))
    }

    /// Runs work on an account in a task, which outlives its callers.
    fn begin(
        self: &Arc<Self>,
        account: &AccountId,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Result<Work, StoreError> {
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (end, ended) = watch::channel(None);
        let (registry, account) = (Arc::clone(self), account.clone());
        runtime.spawn(async move {
            let outcome = work.await;
            registry.state().places.entry(&account).work = None;
            end.send_replace(Some(outcome));
        });
        Ok(ended)
    }

    async fn opened(&self, account: &AccountId) -> Result<Arc<IndexedStore>, StoreError> {
        let engine = self.engine(account).await?;
        let store = Arc::new(IndexedStore::open(Arc::clone(&engine)).await?);
        self.engines.loaded(account, store.recovery());
        {
            let mut state = self.state();
            if state.stage == Stage::Open {
                let place = state.places.entry(account);
                (place.store, place.engine) = (Arc::downgrade(&store), Arc::downgrade(&engine));
                return Ok(store);
            }
        }
        // `close` waits for this opening, and does not see the store.
        closed(&store).await?;
        Err(StoreError::Closed)
    }

    /// Returns an engine for a store: the one that a dropped store still uses, or another.
    async fn engine(&self, account: &AccountId) -> Result<Arc<Guarded<E::Engine>>, StoreError> {
        let before = self.state().places.entry(account).engine.upgrade();
        let taken = match before {
            Some(before) => before.take().await,
            None => None,
        };
        let engine = match taken {
            Some(engine) => engine,
            None => Arc::new(self.engines.engine(account).await?),
        };
        Ok(Arc::new(Guarded::new(engine)))
    }

    async fn wiped(
        &self,
        account: &AccountId,
        store: Option<Arc<IndexedStore>>,
        engine: Option<Arc<Guarded<E::Engine>>>,
    ) -> Result<(), StoreError> {
        // A write that fails here is about to be wiped.
        if let Some(store) = store {
            let _ = store.close().await;
        }
        if let Some(engine) = engine {
            let _ = engine.close().await;
        }
        self.engines.wipe(account).await
    }

    #[expect(clippy::type_complexity, reason = "is taken apart at once")]
    fn begin_closing(
        &self,
    ) -> Result<(Vec<Work>, Vec<Arc<IndexedStore>>, Vec<Arc<Guarded<E::Engine>>>), StoreError> {
        let mut state = self.state();
        if state.stage == Stage::Closed {
            return Err(StoreError::Closed);
        }
        state.stage = Stage::Closing;
        let works = state.places.iter().filter_map(|place| place.work()).collect();
        let stores = state.places.iter().filter_map(|place| place.store()).collect();
        let engines = state.places.iter().filter_map(|place| place.engine.upgrade()).collect();
        Ok((works, stores, engines))
    }

    fn state(&self) -> MutexGuard<'_, State<E::Engine>> {
        lock(&self.state)
    }
}

impl<E> State<E> {
    fn check_open(&self) -> Result<(), StoreError> {
        if self.stage == Stage::Open { Ok(()) } else { Err(StoreError::Closed) }
    }
}

/// Waits for the end of an opening or a wipe; `None` if it was interrupted.
async fn ended(mut work: Work) -> Option<Outcome> {
    work.wait_for(Option::is_some).await.ok()?.clone()
}

/// Closes a store that its user may have closed already.
async fn closed(store: &IndexedStore) -> Result<(), StoreError> {
    match store.close().await {
        Err(StoreError::Closed) => Ok(()),
        result => result,
    }
}

#[derive(Debug, Error)]
#[error("opening or wiping an account was interrupted by a panic or the end of its runtime")]
struct Interrupted;
