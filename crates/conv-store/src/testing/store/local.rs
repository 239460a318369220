//! Local state.

use conv_model::{Delta, Local};

use super::super::{
    TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, begin, finish, full, id, listed, secs, soon},
};
use crate::ConversationStore;

/// Removing a row, by any means, leaves its local state, which meets the row again when it comes
/// back.
pub async fn local_state_outlives_its_row<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let (alice, draft) = (id("alice")?, Local::draft("Dear Alice"));
    apply_all(&store, [Delta::listed([full("alice", 1)?])]).await?;
    soon("local state", store.put_local(alice.clone(), draft.clone())).await?;
    let shown = store.snapshot().get(&alice).map(|row| row.local.clone());
    ensure_eq!(shown.as_ref(), Some(&draft), "the row's local state");

    let ways = [vec![Delta::removed([alice.clone()])], vec![begin(1), finish(1, secs(9), [])]];
    for way in ways {
        apply_all(&store, way).await?;
        ensure!(store.snapshot().get(&alice).is_none(), "the row is still there");
        ensure_eq!(store.snapshot().local(&alice).as_ref(), Some(&draft), "local state alone");
        apply_all(&store, [Delta::listed([listed("alice", 2)?])]).await?;
        let again = store.snapshot().get(&alice).map(|row| row.local.clone());
        ensure_eq!(again.as_ref(), Some(&draft), "local state when the row is back");
    }
    Ok(())
}

/// Local state may be set before there is a row, and makes none.
pub async fn local_state_needs_no_row<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let draft = Local::draft("Dear Alice");
    let commit = soon("local state", store.put_local(id("alice")?, draft.clone())).await?;
    ensure!(commit.changes.is_empty(), "the commit names a row");
    ensure!(store.snapshot().is_empty(), "there is a row");
    ensure_eq!(store.snapshot().local(&id("alice")?), Some(draft), "local state");
    ensure_eq!(store.snapshot().local(&id("bob")?), None, "local state never set");
    Ok(())
}

/// Setting the draft leaves the bytes, and the other way round; an empty text clears it.
pub async fn a_part_of_local_state_that_is_left_out_stays<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    let (draft, data) = (Local::draft("Dear Alice"), Local::data(vec![0, 255, 10]));
    let both = draft.merged(&data);
    for part in [&draft, &data] {
        soon("local state", store.put_local(id("alice")?, part.clone())).await?;
    }
    ensure_eq!(store.snapshot().local(&id("alice")?), Some(both), "both parts");
    soon("local state", store.put_local(id("alice")?, Local::draft(""))).await?;
    let cleared = store.snapshot().local(&id("alice")?).unwrap_or_default();
    ensure!(cleared.draft_text().is_none_or(|draft| draft.is_empty()), "the draft is still there");
    ensure_eq!(cleared.data_bytes(), data.data_bytes(), "the bytes");

    soon("local state", store.put_local(id("alice")?, Local::data([]))).await?;
    ensure_eq!(store.snapshot().local(&id("alice")?), None, "local state that was cleared");
    store.close().await?;
    drop(store);
    let store = fixture.open().await?;
    ensure_eq!(store.snapshot().local(&id("alice")?), None, "and after reopening");
    Ok(())
}
