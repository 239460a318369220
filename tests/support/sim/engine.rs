//! A store whose acknowledgements get lost.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

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
    /// The most that the news of another process's write takes.
    lag: Arc<Mutex<Duration>>,
}

impl LossyEngine {
    pub fn new(engine: MemoryEngine, rng: Rng) -> Self {
        Self { engine, rng: Arc::new(Mutex::new(rng)), faults: Arc::default(), lag: Arc::default() }
    }

    pub fn set_lag(&self, lag: Duration) {
        *self.lag.lock().unwrap() = lag;
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
        self.engine.follow(since).await?;
        let lag = *self.lag.lock().unwrap();
        if !lag.is_zero() {
            let chance = self.rng.lock().unwrap().f64();
            tokio::time::sleep(lag.mul_f64(chance)).await;
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}
