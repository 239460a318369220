//! Broken stores.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use conv_model::{
    Commit, Conversation, ConversationId, ConversationPatch, Coverage, Delta, GroupType, Known,
    ListingPatch, Local, OutboxChange, Prune, SyncState, SyncStep, Unread,
};
use conv_store::{
    ConversationStore, IndexedStore, Publisher, Snapshot, StoreError, Watcher,
    testing::{OverEngine, StoreFixture},
};

use super::{each_fails, engine};

each_fails! {
    store, BrokenStore, conv_store::store_conformance!(names),
    a_change_is_applied_whole: LosesARow,
    a_change_that_fails_leaves_nothing: AppliesRowByRow,
    absent_facets_leave_what_is_stored: ErasesAbsentFacets,
    an_amendment_makes_no_row: ListsAmendments,
    what_is_equal_is_no_change: CountsWhatIsEqual,
    a_commit_tells_the_difference: HidesRemovals,
    removed_rows_are_gone: IgnoresRemovals,
    listed_rows_without_a_fresh_profile_need_one: WantsWhatChanged,
    names_of_groups_are_kept: ForgetsGroupNames,
    lists_come_in_list_order: ForgetsPins,
    queries_answer_as_matches_says: ForgetsMarks,
    totals_leave_out_what_is_muted_or_unknown: ForgetsMuting,
    a_reader_wakes_when_something_changed: NeverWakes,
    a_reader_who_is_behind_need_not_wait: WakesForTheNextOnly,
    a_snapshot_is_of_one_instant: AppliesRowByRow,
    a_pass_that_was_superseded_changes_nothing: KeepsRowsOfTheSuperseded,
    two_passes_cannot_begin_with_one_number: LetsAnyPassBegin,
    the_state_follows_the_pass: IgnoresFailures,
    what_no_listing_confirmed_goes: NeverPrunes,
    a_pass_overwrites_no_listing_that_others_changed: ListsUnguarded,
    a_pass_removes_no_row_that_others_changed: PrunesUnguarded,
    a_late_name_saves_no_ghost: StampsAmendments,
    rows_expire_after_the_last_pass_and_by_now: ExpiresWhatThePassReturned,
    an_answer_overwrites_nothing_that_is_newer: ForgetsWhenItWasAsked,
    a_type_that_hides_a_count_is_no_news_of_what_is_unread: TakesTypesForNews,
    a_message_that_is_gone_is_shown_no_more: KeepsMessagesThatAreGone,
    a_message_goes_with_its_retention: KeepsMessagesForEver,
    an_unsure_pass_removes_nobody_and_says_whom: RemovesWhatIsUnsure,
    one_large_item_keeps_no_other_out: FailsForOneLargeItem,
    totals_wait_for_the_type_of_a_group: TakesGroupsForPublic,
    local_state_outlives_its_row: ForgetsLocalWithTheRow,
    local_state_needs_no_row: MakesRowsOfLocal,
    a_part_of_local_state_that_is_left_out_stays: ErasesAbsentLocal,
    mutations_are_shown_and_are_there_after_reopening: LosesMutationsOnDisk,
    a_mutation_that_is_refused_takes_the_others_along: AcceptsOneByOne,
    two_tasks_lose_no_update: LosesUpdates,
    a_call_that_is_dropped_leaves_all_or_nothing: AppliesRowByRow,
    rows_are_there_after_reopening: LosesRowsOnDisk,
    local_state_is_there_after_reopening: LosesLocalOnDisk,
    a_checkpoint_is_there_after_reopening: LosesStateOnDisk,
    a_list_that_is_reopened_is_a_preview: RemembersThatItWasComplete,
    a_pass_goes_on_after_reopening: LosesStampsOnDisk,
    a_closed_store_refuses_changes_and_still_answers: NeverCloses,
    a_position_is_that_of_the_last_stored_write: LosesStateOnDisk,
    a_reader_comes_back_for_what_changed: LosesStampsOnDisk,
    a_reader_comes_back_for_mutations_that_ended: LosesMutationsOnDisk,
    a_foreign_position_is_answered_with_a_reset: HasAnEpochFromTheStart,
    a_long_history_is_that_of_the_model: LosesARow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    LosesARow,
    AppliesRowByRow,
    ErasesAbsentFacets,
    ListsAmendments,
    CountsWhatIsEqual,
    HidesRemovals,
    IgnoresRemovals,
    WantsWhatChanged,
    ForgetsGroupNames,
    ForgetsPins,
    ForgetsMarks,
    ForgetsMuting,
    NeverWakes,
    WakesForTheNextOnly,
    KeepsRowsOfTheSuperseded,
    LetsAnyPassBegin,
    IgnoresFailures,
    NeverPrunes,
    ListsUnguarded,
    PrunesUnguarded,
    StampsAmendments,
    ExpiresWhatThePassReturned,
    ForgetsWhenItWasAsked,
    KeepsMessagesThatAreGone,
    KeepsMessagesForEver,
    RemovesWhatIsUnsure,
    FailsForOneLargeItem,
    TakesGroupsForPublic,
    TakesTypesForNews,
    ForgetsLocalWithTheRow,
    MakesRowsOfLocal,
    ErasesAbsentLocal,
    LosesUpdates,
    LosesRowsOnDisk,
    LosesLocalOnDisk,
    LosesStateOnDisk,
    LosesStampsOnDisk,
    LosesMutationsOnDisk,
    AcceptsOneByOne,
    RemembersThatItWasComplete,
    NeverCloses,
    HasAnEpochFromTheStart,
    /// Not broken at all.
    Nothing,
}

/// A fixture of stores with a flaw.
struct BrokenStore {
    flaw: Flaw,
    engine: OverEngine<engine::BrokenEngine>,
}

impl BrokenStore {
    fn new(flaw: Flaw) -> Self {
        let on_disk = match flaw {
            Flaw::LosesRowsOnDisk => engine::Flaw::LosesRows,
            Flaw::LosesLocalOnDisk => engine::Flaw::LosesLocal,
            Flaw::LosesStateOnDisk => engine::Flaw::LosesState,
            Flaw::LosesStampsOnDisk => engine::Flaw::LosesStamps,
            Flaw::LosesMutationsOnDisk => engine::Flaw::LosesMutations,
            _ => engine::Flaw::None,
        };
        Self { flaw, engine: OverEngine(engine::BrokenEngine::new(on_disk)) }
    }
}

impl StoreFixture for BrokenStore {
    type Store = Broken;

    async fn open(&self) -> Result<Broken, StoreError> {
        let store = self.engine.open().await?;
        let (is_busy, count) = (AtomicBool::new(false), AtomicU64::new(0));
        Ok(Broken { store, flaw: self.flaw, is_busy, count, silent: Publisher::new(empty()) })
    }
}

/// A store with a flaw.
#[derive(Debug)]
struct Broken {
    store: IndexedStore,
    flaw: Flaw,
    is_busy: AtomicBool,
    count: AtomicU64,
    /// A publisher that wakes no watcher.
    silent: Publisher,
}

fn user(name: &str) -> ConversationId {
    ConversationId::c2c(name).unwrap()
}

impl Broken {
    /// Says that it did something.
    fn pretend(&self) -> Commit {
        let snapshot = self.store.snapshot();
        Commit::new(snapshot.seq(), snapshot.sync().clone().into())
    }

    /// Changes a delta before it is applied.
    fn spoil(&self, delta: &mut Delta) {
        match self.flaw {
            Flaw::LosesARow if delta.listed.len() > 1 => drop(delta.listed.pop()),
            Flaw::ErasesAbsentFacets => delta.listed.iter_mut().for_each(erase_absent),
            Flaw::ListsAmendments => delta.listed.append(&mut delta.updates),
            Flaw::IgnoresRemovals => delta.removed.clear(),
            Flaw::ForgetsGroupNames => delta.groups = None,
            Flaw::ForgetsPins => each_listing(delta, |listing| listing.is_pinned = None),
            Flaw::ForgetsMarks => each_listing(delta, |listing| listing.marks = None),
            Flaw::ForgetsMuting => {
                delta.listed.iter_mut().for_each(|patch| patch.unread.remind_type = None);
            }
            Flaw::NeverPrunes => delta.prune = None,
            Flaw::StampsAmendments => delta.updates.iter_mut().for_each(|patch| {
                let mut listing = ListingPatch::default();
                listing.custom_data = Some("amended".into());
                patch.listing = Some(listing);
            }),
            Flaw::ExpiresWhatThePassReturned => self.expire_all(delta),
            Flaw::ForgetsWhenItWasAsked => delta.asked = None,
            Flaw::KeepsMessagesThatAreGone => delta.updates.iter_mut().for_each(|patch| {
                if patch.last_message == Known::Nothing {
                    patch.last_message = Known::Unknown;
                }
            }),
            Flaw::KeepsMessagesForEver => {
                if let Some(SyncStep::Finish { finished, .. }) = &mut delta.step {
                    finished.limit.clear();
                }
            }
            Flaw::RemovesWhatIsUnsure => {
                if let Some(Prune::Unconfirmed { keep }) = &delta.prune {
                    delta.prune = Some(Prune::Unlisted { keep: keep.clone() });
                }
            }
            Flaw::TakesTypesForNews if delta.asked.is_some() => {
                let snapshot = self.store.snapshot();
                for patch in &mut delta.updates {
                    let row = snapshot.get(&patch.id);
                    if row.is_some_and(|row| row.profile.group_type.is_some()) {
                        patch.unread = Unread::default();
                    }
                }
            }
            Flaw::TakesGroupsForPublic => delta.listed.iter_mut().for_each(|patch| {
                patch.profile.group_type = Some(GroupType::Public);
            }),
            _ => {}
        }
    }

    fn expire_all(&self, delta: &mut Delta) {
        let Some(Prune::Expired { now, retention }) = delta.prune else {
            return;
        };
        let snapshot = self.store.snapshot();
        let is_over = |row: &&std::sync::Arc<Conversation>| {
            let time = row.listing.time.filter(|time| !time.is_zero());
            snapshot.sync().finished.is_some()
                && time.is_some_and(|time| time.plus_secs(retention) <= now)
        };
        delta.removed = snapshot.rows().filter(is_over).map(|row| row.id.clone()).collect();
        delta.prune = None;
    }

    /// Applies a part of a change on its own, outside any pass.
    async fn split_off(&self, delta: &mut Delta) -> Result<(), StoreError> {
        match (self.flaw, &delta.prune) {
            (Flaw::AppliesRowByRow, _) => {
                while delta.listed.len() > 1 {
                    let mut first = Delta::listed([delta.listed.remove(0)]);
                    first.pass = delta.pass;
                    self.store.apply(first).await?;
                    tokio::task::yield_now().await;
                }
            }
            (Flaw::ListsUnguarded, _) if delta.pass.is_some() => {
                self.store.apply(Delta::listed(std::mem::take(&mut delta.listed))).await?;
            }
            (Flaw::PrunesUnguarded, Some(Prune::Unlisted { keep })) => {
                let rows = all(&self.store.snapshot());
                let gone = rows.into_iter().map(|row| row.id).filter(|id| !keep.contains(id));
                self.store.apply(Delta::removed(gone)).await?;
                delta.prune = None;
            }
            (Flaw::KeepsRowsOfTheSuperseded, _) if delta.step.is_none() => {
                self.store.apply(Delta::listed(delta.listed.clone())).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Changes the answer.
    async fn spoil_answer(&self, commit: &mut Commit) -> Result<(), StoreError> {
        match self.flaw {
            Flaw::CountsWhatIsEqual if commit.changes.is_empty() => {
                let round = self.count.fetch_add(1, Ordering::SeqCst);
                let local = Local::draft(round.to_string());
                commit.seq = self.store.put_local(user("counter"), local).await?.seq;
            }
            Flaw::HidesRemovals => commit.changes.retain(|change| change.after.is_some()),
            Flaw::WantsWhatChanged => {
                let changed = |id: &ConversationId| {
                    commit.changes.iter().any(|change| change.id() == Some(id))
                };
                commit.needs_profile.retain(changed);
            }
            Flaw::ForgetsLocalWithTheRow => {
                let nothing = Local::new(Some("".into()), Some([].into()));
                for change in commit.changes.iter().filter(|change| change.after.is_none()) {
                    let id = change.id().unwrap().clone();
                    self.store.put_local(id, nothing.clone()).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[async_trait]
impl ConversationStore for Broken {
    fn snapshot(&self) -> Snapshot {
        let snapshot = self.store.snapshot();
        let mut sync = snapshot.sync().clone();
        if self.flaw == Flaw::HasAnEpochFromTheStart && sync.epoch.is_none() {
            sync.epoch = Some(7);
            return Snapshot::of(all(&snapshot), sync).at(snapshot.seq());
        }
        if self.flaw != Flaw::RemembersThatItWasComplete || sync.finished.is_none() {
            return snapshot;
        }
        sync.coverage = Coverage::Complete;
        Snapshot::of(all(&snapshot), sync).at(snapshot.seq())
    }

    fn watch(&self) -> Watcher {
        match self.flaw {
            Flaw::NeverWakes => self.silent.watch(),
            Flaw::WakesForTheNextOnly => next_only(self.store.watch()),
            _ => self.store.watch(),
        }
    }

    async fn apply(&self, mut delta: Delta) -> Result<Commit, StoreError> {
        let is_failure = matches!(delta.step, Some(SyncStep::Fail { .. }));
        let is_begin = matches!(delta.step, Some(SyncStep::Begin { .. }));
        if self.flaw == Flaw::IgnoresFailures && is_failure {
            return Ok(self.pretend());
        }
        if self.flaw == Flaw::LosesUpdates && self.is_busy.swap(true, Ordering::SeqCst) {
            return Ok(self.pretend());
        }
        self.spoil(&mut delta);
        self.split_off(&mut delta).await?;
        let result = self.store.apply(delta).await;
        self.is_busy.store(false, Ordering::SeqCst);
        let mut commit = match result {
            Err(StoreError::Superseded(_)) if self.flaw == Flaw::LetsAnyPassBegin && is_begin => {
                self.pretend()
            }
            result => result?,
        };
        if self.flaw == Flaw::FailsForOneLargeItem && !commit.refused.is_empty() {
            return Err(StoreError::TooLarge { bytes: 0, limit: 0 });
        }
        self.spoil_answer(&mut commit).await?;
        Ok(commit)
    }

    async fn put_local(&self, id: ConversationId, mut local: Local) -> Result<Commit, StoreError> {
        if self.flaw == Flaw::ErasesAbsentLocal {
            let draft = local.draft_text().cloned().unwrap_or_default();
            let data = local.data_bytes().cloned().unwrap_or_default();
            local = Local::new(Some(draft), Some(data));
        }
        if self.flaw == Flaw::MakesRowsOfLocal {
            self.store.apply(Delta::listed([ConversationPatch::new(id.clone())])).await?;
        }
        self.store.put_local(id, local).await
    }

    async fn mutate(&self, change: OutboxChange) -> Result<Commit, StoreError> {
        match change {
            OutboxChange::Enqueue(enqueue) if self.flaw == Flaw::AcceptsOneByOne => {
                let mut last = self.pretend();
                for mutation in enqueue.mutations {
                    last = self.store.mutate(OutboxChange::enqueue([mutation])).await?;
                }
                Ok(last)
            }
            change => self.store.mutate(change).await,
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.flaw == Flaw::NeverCloses { Ok(()) } else { self.store.close().await }
    }
}

fn empty() -> Snapshot {
    Snapshot::of([], SyncState::default())
}

/// A watcher that shows what comes from now on, and not what there is.
fn next_only(mut watcher: Watcher) -> Watcher {
    let publisher = Publisher::new(empty());
    let shown = publisher.watch();
    tokio::spawn(async move {
        while let Ok(snapshot) = watcher.next().await {
            publisher.publish(snapshot);
        }
    });
    shown
}

fn all(snapshot: &Snapshot) -> Vec<Conversation> {
    snapshot.rows().map(|row| Conversation::clone(row)).collect()
}

fn each_listing(delta: &mut Delta, change: impl Fn(&mut ListingPatch)) {
    delta.listed.iter_mut().filter_map(|patch| patch.listing.as_mut()).for_each(change);
}

fn erase_absent(patch: &mut ConversationPatch) {
    patch.profile.name.get_or_insert_default();
    patch.unread.count.get_or_insert_default();
}

/// The wrapper by itself breaks nothing: without a flaw every case passes.
mod without_a_flaw {
    use super::*;

    conv_store::store_conformance!(BrokenStore::new(Flaw::Nothing));
}
