//! A store whose acknowledgements get lost.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use conv_api::{
    model::Seq,
    store::{Engine, Loaded, MemoryEngine, StoreError, Write},
};
use fastrand::Rng;

/// An engine that fails at times: of the writes that fail some were made, some were not.
#[derive(Clone, Debug)]
pub struct LossyEngine {
    engine: MemoryEngine,
    rng: Arc<Mutex<Rng>>,
    /// Of 100 writes, how many fail.
    faults: Arc<Mutex<u8>>,
}

impl LossyEngine {
    pub fn new(engine: MemoryEngine, rng: Rng) -> Self {
        Self { engine, rng: Arc::new(Mutex::new(rng)), faults: Arc::default() }
    }

    pub fn set_faults(&self, faults: u8) {
        *self.faults.lock().unwrap() = faults;
    }
}

#[async_trait]
impl Engine for LossyEngine {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let (fails, is_made) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.u8(..100) < *self.faults.lock().unwrap(), rng.bool())
        };
        if !fails {
            return self.engine.commit(writes).await;
        }
        if is_made {
            self.engine.commit(writes).await?;
        }
        Err(StoreError::Engine(Arc::new(std::io::Error::other("lost"))))
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.engine.follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}
