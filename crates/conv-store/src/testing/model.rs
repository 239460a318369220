//! A reference model, and the judge of a store by it.

mod naive;
mod operations;

use std::collections::BTreeSet;

use conv_model::{
    Commit, ConversationFilter, ConversationQuery, Delta, OutboxChange, RowChange, testing::few_ids,
};

use self::naive::number;
pub use self::{
    naive::{Naive, Rows},
    operations::{Make, Operation, operations},
};
use super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
};
use crate::{ConversationStore, Snapshot, StoreError};

/// Does the operations on a store and on the naive one, and compares the two after each.
///
/// # Errors
/// If they differ.
pub async fn agree<F: StoreFixture>(fixture: &F, operations: Vec<Operation>) -> TestResult {
    let mut store = fixture.open().await?;
    let mut naive = Naive::default();
    let mut epoch = None;
    // The last stored write after each operation, and the naive one's count.
    let mut history = vec![(store.snapshot().written(), naive.clock())];
    for operation in operations {
        let operation_text = format!("{operation:?}");
        let before = naive.rows();
        match operation {
            Operation::Apply(make) => {
                let ago = make.asked().map(|ago| history.len().saturating_sub(ago + 1));
                let asked = ago.and_then(|at| history.get(at));
                let mut delta = make.delta(naive.sync.pass, &before);
                delta.asked = asked.map(|(written, _)| *written);
                apply(&store, &mut naive, delta, asked.map(|(_, clock)| *clock)).await?;
            }
            Operation::Put(id, local) => {
                let commit = store.put_local(id.clone(), local.clone()).await?;
                naive.put(id, local);
                check_changes(&before, &commit.changes, &naive.rows())?;
            }
            Operation::Enqueue(mutations) => {
                let expected = naive.enqueue(&mutations);
                match store.mutate(OutboxChange::enqueue(mutations)).await {
                    Ok(commit) => {
                        let done = (commit.numbers.clone(), commit.outcomes.clone());
                        ensure_eq!(Ok(done), expected, "numbers and outcomes");
                        check_commit(&store, &before, &commit, &naive)?;
                    }
                    Err(StoreError::Refused(error)) => {
                        ensure_eq!(expected, Err(error), "what was refused");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Operation::Progress(steps) => {
                let steps = steps.into_iter();
                let steps: Vec<_> =
                    steps.map(|(place, step)| (number(&naive.outbox, place), step)).collect();
                let expected = naive.progress(&steps);
                let commit = store.mutate(OutboxChange::Progress(steps)).await?;
                ensure_eq!(commit.outcomes, expected, "outcomes");
                check_commit(&store, &before, &commit, &naive)?;
            }
            Operation::Reopen => {
                store.close().await?;
                drop(store);
                store = fixture.open().await?;
                naive.reopen();
            }
        }
        check(&store.snapshot(), &naive)
            .map_err(|failure| Failure::new(format!("after {operation_text}: {failure}")))?;
        let now = store.snapshot().sync().epoch;
        ensure!(epoch.is_none() || epoch == now, "after {operation_text}: the epoch changed");
        epoch = now;
        history.push((store.snapshot().written(), naive.clock()));
    }
    Ok(())
}

async fn apply(
    store: &impl ConversationStore,
    naive: &mut Naive,
    delta: Delta,
    asked: Option<u64>,
) -> TestResult {
    let (since, before) = (store.snapshot().seq(), naive.rows());
    let expected = naive.apply(&delta, asked);
    match store.apply(delta).await {
        Ok(commit) => {
            ensure_eq!(Some(&commit.needs_profile), expected.as_ref(), "who wants a profile");
            ensure_eq!(commit.seq, store.snapshot().seq(), "the number");
            ensure_eq!(commit.written, store.snapshot().written(), "the last stored write");
            check_changes(&before, &commit.changes, &naive.rows())?;
            // The naive one counts its own commits.
            if commit.seq > since && naive.begins {
                naive.sync.begun = commit.seq;
            }
        }
        Err(StoreError::Superseded(_)) => ensure_eq!(expected, None, "what was refused"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn check_commit(
    store: &impl ConversationStore,
    before: &Rows,
    commit: &Commit,
    naive: &Naive,
) -> TestResult {
    ensure_eq!(commit.seq, store.snapshot().seq(), "the number");
    ensure_eq!(commit.written, store.snapshot().written(), "the last stored write");
    check_changes(before, &commit.changes, &naive.rows())
}

fn check(snapshot: &Snapshot, naive: &Naive) -> TestResult {
    let ids = snapshot.rows().map(|row| row.id.clone());
    let rows: Vec<_> = ids.filter_map(|id| snapshot.get(&id)).collect();
    let expected = naive.list();
    ensure!(rows.iter().map(AsRef::as_ref).eq(&expected), "{rows:#?} is not {expected:#?}");
    let mut sync = naive.sync.clone();
    sync.epoch = snapshot.sync().epoch;
    ensure_eq!(*snapshot.sync(), sync, "the state of the sync");
    ensure_eq!(snapshot.report().not_fetched, naive.not_fetched(), "what was not fetched");
    let totals = snapshot.totals();
    let sums = [totals.conversations, totals.unread, totals.unread_conversations, totals.mentioned];
    ensure_eq!(sums, naive.totals(), "totals");
    ensure_eq!(*snapshot.outbox(), naive.outbox, "the outbox");
    let groups = naive.groups();
    ensure!(snapshot.groups().iter().eq(&groups), "groups are not {groups:?}");
    for name in &groups {
        let filter: ConversationQuery = ConversationFilter::group_name(name).into();
        let rows = snapshot.list(&filter);
        let expected = expected.iter().filter(|row| filter.matches(row)).map(|row| &row.id);
        ensure!(rows.iter().map(|row| &row.id).eq(expected), "the rows in {name}");
    }
    let base = naive.base();
    for id in few_ids() {
        ensure_eq!(snapshot.base(&id).as_deref(), base.get(&id), "the cloud's row");
        ensure_eq!(snapshot.local(&id).as_ref(), naive.locals.get(&id), "local state");
    }
    Ok(())
}

/// Checks that a commit's changes lead from the rows before to those after, and contain nothing
/// else.
fn check_changes(before: &Rows, changes: &[RowChange], after: &Rows) -> TestResult {
    let mut rows = thin(before);
    let mut seen = BTreeSet::new();
    for change in changes {
        let id = change.id().ok_or_else(|| Failure::new("a change of nothing"))?;
        ensure!(seen.insert(id), "{id} changes twice");
        ensure!(before.get(id) != after.get(id), "{id} did not change");
        ensure_eq!(rows.get(id), change.before.as_deref(), "a row before it changed");
        ensure_eq!(change.removal.is_some(), change.after.is_none(), "whether a row went");
        match change.after.as_deref() {
            Some(row) => rows.insert(id.clone(), row.clone()),
            None => rows.remove(id),
        };
    }
    ensure_eq!(rows, thin(after), "rows after a commit's changes");
    Ok(())
}

/// Rows as commits show them: without the profile's detail.
fn thin(rows: &Rows) -> Rows {
    let mut rows = rows.clone();
    rows.values_mut().for_each(|row| row.profile.detail = None);
    rows
}
