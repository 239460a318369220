//! Cases of changes to rows.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{
    Conversation, ConversationId, Delta, GroupNames, Local, ProfilesDue, RowChange, merge,
};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{all, apply_all, begin, full, id, listed, named, page, secs, soon, users},
};
use crate::{ConversationStore, Snapshot};

/// Rows listed, updated and removed by one change are all so.
pub async fn a_change_is_applied_whole<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("gone", 1)?])]).await?;
    let patches = [full("alice", 4)?, full("bob", 3)?, listed("carol", 2)?];
    let mut delta = Delta::listed(patches.clone());
    delta.updates = vec![named("carol", "Carol")?];
    delta.removed = vec![id("gone")?];
    apply_all(&store, [delta]).await?;

    let mut expected: Vec<Conversation> = patches.iter().map(|patch| merge(None, patch)).collect();
    if let Some(carol) = expected.last_mut() {
        carol.profile.name = Some("Carol".into());
    }
    ensure_eq!(all(&store.snapshot()), expected, "the list");
    Ok(())
}

/// A change with one row that cannot be stored leaves none of its rows. A store that takes rows of
/// any size has them all.
pub async fn a_change_that_fails_leaves_nothing<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut large = listed("large", 1)?;
    large.profile.name = Some("x".repeat(1 << 20).into());
    let delta = Delta::listed([listed("alice", 2)?, large, listed("bob", 0)?]);
    match soon("a change", async { Ok(store.apply(delta).await) }).await? {
        Ok(_) => ensure_eq!(users(&store.snapshot()), ["alice", "large", "bob"], "rows"),
        Err(_) => ensure_eq!(users(&store.snapshot()), [""; 0], "rows of what failed"),
    }
    apply_all(&store, [Delta::listed([listed("carol", 3)?])]).await?;
    ensure!(users(&store.snapshot()).first().is_some_and(|user| user == "carol"), "it goes on");
    Ok(())
}

/// A facet that is absent from a patch keeps its value.
pub async fn absent_facets_leave_what_is_stored<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([full("alice", 1)?])]).await?;
    apply_all(&store, [Delta::listed([listed("alice", 2)?])]).await?;
    apply_all(&store, [Delta::updates([named("alice", "Alicia")?])]).await?;
    let mut expected = merge(None, &full("alice", 2)?);
    expected.profile.name = Some("Alicia".into());
    ensure_eq!(all(&store.snapshot()), [expected], "the row");
    Ok(())
}

/// A late name brings no row back, nor makes one.
pub async fn an_amendment_makes_no_row<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    apply_all(&store, [Delta::removed([id("alice")?])]).await?;
    let amendment = Delta::updates([named("alice", "Alice")?, full("bob", 2)?]);
    let commits = apply_all(&store, [amendment]).await?;
    ensure!(commits.iter().all(|commit| commit.changes.is_empty()), "the commit names a row");
    ensure!(store.snapshot().is_empty(), "rows: {:?}", users(&store.snapshot()));
    Ok(())
}

/// A change without a new value has no effect: no row in the commit, no new number.
pub async fn what_is_equal_is_no_change<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let delta = Delta::listed([full("alice", 1)?, full("bob", 2)?]);
    apply_all(&store, [delta.clone()]).await?;
    soon("local state", store.put_local(id("bob")?, Local::draft("hello"))).await?;
    let before = store.snapshot().seq();
    let again = apply_all(&store, [delta]).await?;
    ensure!(again.iter().all(|commit| commit.changes.is_empty()), "equal rows changed");
    let commit = soon("local state", store.put_local(id("bob")?, Local::draft("hello"))).await?;
    ensure!(commit.changes.is_empty(), "equal local state changed");
    ensure_eq!(commit.seq, before, "the commit's number");
    ensure_eq!(store.snapshot().seq(), before, "the snapshot's number");
    Ok(())
}

/// The changes of commits lead from one list to the next; and so do the commits of the log, if it
/// still has them.
pub async fn a_commit_tells_the_difference<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?, listed("bob", 2)?])]).await?;
    let before = store.snapshot();
    let mut mixed = Delta::listed([listed("bob", 5)?, listed("carol", 6)?]);
    mixed.removed = vec![id("alice")?];
    let mut commits = apply_all(&store, [mixed]).await?;
    commits.push(soon("local state", store.put_local(id("bob")?, Local::draft("hi"))).await?);
    let again = Delta::listed([listed("alice", 7)?]);
    commits.extend(apply_all(&store, [again]).await?);

    let after = store.snapshot();
    let changes = commits.iter().flat_map(|commit| &commit.changes);
    check_changes(&before, changes, &after)?;
    if let Some(commits) = after.changes_since(before.seq()) {
        check_changes(&before, commits.iter().flat_map(|commit| &commit.changes), &after)?;
    }
    Ok(())
}

fn check_changes<'a>(
    before: &Snapshot,
    changes: impl Iterator<Item = &'a RowChange>,
    after: &Snapshot,
) -> TestResult {
    let map = |snapshot: &Snapshot| -> BTreeMap<ConversationId, Arc<Conversation>> {
        snapshot.rows().map(|row| (row.id.clone(), Arc::clone(row))).collect()
    };
    let mut rows = map(before);
    for change in changes {
        let Some(id) = change.id() else { continue };
        ensure_eq!(rows.get(id), change.before.as_ref(), "a row before its change");
        ensure_eq!(change.after.is_none(), change.removal.is_some(), "whether it is gone");
        match &change.after {
            Some(row) => rows.insert(id.clone(), Arc::clone(row)),
            None => rows.remove(id),
        };
    }
    ensure_eq!(rows, map(after), "the list by its changes");
    Ok(())
}

/// Removed rows are gone; removing one that is not there succeeds.
pub async fn removed_rows_are_gone<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?, listed("bob", 2)?])]).await?;
    apply_all(&store, [Delta::removed([id("alice")?, id("nobody")?])]).await?;
    ensure_eq!(users(&store.snapshot()), ["bob"], "rows");
    ensure_eq!(store.snapshot().totals().conversations, 1, "the count");
    Ok(())
}

/// The commit names the listed rows that need a profile: one that was never read, or too early. It
/// names them whether they changed or not, but neither the system conversation nor rows that are
/// known to have no name.
pub async fn listed_rows_without_a_fresh_profile_need_one<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let mut old = full("old", 1)?;
    old.profile.read_at = Some(secs(10));
    let mut fresh = full("fresh", 2)?;
    fresh.profile.read_at = Some(secs(20));
    let mut nobody = listed("nobody", 2)?;
    nobody.profile.read_at = Some(secs(20));
    let mut system = listed("x", 3)?;
    system.id = ConversationId::system();
    let rows = vec![listed("unknown", 4)?, old, fresh, nobody, system, listed("unknown", 4)?];
    apply_all(&store, [begin(1)]).await?;
    let mut delta = page(1, rows);
    delta.profiles = ProfilesDue::Outside { since: secs(20), now: secs(30) };
    // A name that came without its moment may be as old as any.
    delta.updates = vec![named("unknown", "")?];
    for _ in 0..2 {
        ensure_eq!(needs_profile(&store, &delta).await?, [id("unknown")?, id("old")?], "due");
    }
    delta.profiles = ProfilesDue::Missing;
    // If the cloud gives no time, a name without its moment counts as read.
    ensure_eq!(
        needs_profile(&store, &delta).await?,
        Vec::<ConversationId>::new(),
        "due at any age"
    );
    // Read later than now: a clock was wrong then.
    delta.profiles = ProfilesDue::Outside { since: secs(5), now: secs(15) };
    let due = ["unknown", "fresh", "nobody"].map(id).into_iter().collect::<Result<Vec<_>, _>>()?;
    ensure_eq!(needs_profile(&store, &delta).await?, due, "due after an odd clock");
    Ok(())
}

async fn needs_profile(
    store: &impl ConversationStore,
    delta: &Delta,
) -> Result<Vec<ConversationId>, Failure> {
    let commits = apply_all(store, [delta.clone()]).await?;
    Ok(commits.into_iter().flat_map(|commit| commit.needs_profile).collect())
}

/// Names of conversation groups come with a change and stay until others come.
pub async fn names_of_groups_are_kept<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut delta = Delta::default();
    delta.groups =
        Some(GroupNames::new([(1, "Suppliers".into()), (2, "Family".into())], Some(secs(1))));
    apply_all(&store, [delta, Delta::listed([listed("alice", 1)?])]).await?;
    let groups = store.snapshot().groups();
    ensure!(groups.iter().map(AsRef::as_ref).eq(["Family", "Suppliers"]), "groups: {groups:?}");
    Ok(())
}
