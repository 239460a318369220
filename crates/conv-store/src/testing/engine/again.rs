//! Writes that come again.

use super::{
    super::{
        TestResult,
        failure::{ensure, ensure_eq},
        fixture::EngineFixture,
        rows::give_up_after,
    },
    write::{commit, load, local, write},
};
use crate::{Engine, StoreError};

/// A write that its caller gave up, and sends again, is made once: also if another writer wrote in
/// between; that write then stays.
pub async fn a_write_that_is_sent_twice_is_made_once<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let alice = local("alice")?;
    for polls in 0..6_u64 {
        let (last, _) = load(&engine).await?;
        let older = [write(last, last + 1, [(alice.clone(), "older")])?];
        let newer = [write(last + 1, last + 2, [(alice.clone(), "newer")])?];
        give_up_after(polls, engine.commit(&older)).await;
        let again = engine.commit(&older).await;
        let is_answer = matches!(again, Ok(()) | Err(StoreError::Conflict));
        ensure!(is_answer, "a write that is sent again gives {again:?}");
        let (seq, records) = load(&engine).await?;
        ensure_eq!(seq, last + 1, "the number of a write that was sent twice");
        let stored = |write: &crate::Write| write.put.iter().cloned().collect();
        let [only] = &older;
        ensure_eq!(records, stored(only), "what was sent twice");
        commit(&engine, &newer).await?;
        let late = engine.commit(&older).await;
        let is_refused = matches!(late, Err(StoreError::Conflict));
        ensure!(is_refused, "a write that others followed, sent again, gives {late:?}");
        let (seq, records) = load(&engine).await?;
        let [only] = &newer;
        ensure_eq!((seq, records), (last + 2, stored(only)), "what followed it");
    }
    Ok(())
}
