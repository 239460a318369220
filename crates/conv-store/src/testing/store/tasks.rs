//! Many callers, and callers who go away.

use conv_model::{Delta, Local};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, give_up_after, id, listed, soon},
};
use crate::ConversationStore;

const ROUNDS: u64 = 25;

/// Changes that come at the same time are all there in the end, each under a number of its own.
pub async fn two_tasks_lose_no_update<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let writer = |name: &'static str| {
        let store = &store;
        async move {
            let mut numbers = Vec::new();
            for round in 0..ROUNDS {
                let own = listed(&format!("{name}{round}"), round)?;
                let delta = Delta::listed([own, listed("both", round)?]);
                numbers.push(soon("a change", store.apply(delta)).await?.seq);
                let local = Local::draft(format!("{name}{round}"));
                numbers.push(soon("local state", store.put_local(id(name)?, local)).await?.seq);
            }
            Ok::<_, Failure>(numbers)
        }
    };
    let (a, b) = tokio::join!(writer("a"), writer("b"));
    let mut numbers = [a?, b?].concat();
    numbers.sort_unstable();
    numbers.dedup();
    ensure_eq!(numbers.len() as u64, 4 * ROUNDS, "how many numbers there are");
    let snapshot = store.snapshot();
    for round in 0..ROUNDS {
        for name in ["a", "b"] {
            let row = snapshot.get(&id(&format!("{name}{round}"))?);
            ensure!(row.is_some(), "the row {name}{round} is lost");
        }
    }
    for name in ["a", "b"] {
        let last = Local::draft(format!("{name}{}", ROUNDS - 1));
        ensure_eq!(snapshot.local(&id(name)?), Some(last), "the last draft");
    }
    Ok(())
}

/// However far a call has come when it is dropped, its change is whole or absent, and the store
/// goes on.
pub async fn a_call_that_is_dropped_leaves_all_or_nothing<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    for polls in 0..6_u64 {
        let names = [format!("a{polls}"), format!("z{polls}")];
        let [a, z] = &names;
        let delta = Delta::listed([listed(a, polls)?, listed(z, polls)?]);
        give_up_after(polls, store.apply(delta)).await;
        give_up_after(polls, store.put_local(id(a)?, Local::draft("hello"))).await;
        give_up_after(polls, store.watch().next()).await;
        apply_all(&store, [Delta::listed([listed("next", polls + 1)?])]).await?;
        let snapshot = store.snapshot();
        let there = (snapshot.get(&id(a)?).is_some(), snapshot.get(&id(z)?).is_some());
        ensure_eq!(there.0, there.1, "one row is there, the other");
    }
    Ok(())
}
