//! Broken engines.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::{ConversationId, Seq};
use conv_store::{
    Engine, Loaded, MemoryEngine, Record, StoreError, Write,
    record::{RowRecord, Stamps, seq},
    testing::EngineFixture,
};

use super::each_fails;

each_fails! {
    engine, BrokenEngine, conv_store::engine_conformance!(names),
    a_new_engine_is_empty: BeginsAtOne,
    what_was_committed_is_loaded: LosesARecord,
    writes_are_applied_in_order: AppliesBackwards,
    deleted_records_are_gone: IgnoresDeletions,
    a_number_may_leave_others_out: CountsForItself,
    large_records_come_back_whole: CutsLargeRecords,
    what_was_committed_is_there_after_reopening: StartsAnew,
    a_hundred_thousand_rows_come_back: HoldsSixteenBits,
    hostile_ids_are_kept_apart: IgnoresCase,
    kinds_of_records_are_kept_apart: KeepsOneRecordAnId,
    records_of_kinds_that_came_later_are_kept: LosesMutations,
    a_conflict_refuses_the_whole_call: NeverConflicts,
    of_two_writers_one_is_refused: NeverConflicts,
    a_follower_wakes_only_after_another_writer_wrote: WakesAtOnce,
    a_commit_that_is_dropped_is_whole_or_absent: WritesRecordByRecord,
    a_write_that_is_sent_twice_is_made_once: NeverConflicts,
    a_list_keeps_its_epoch: LosesState,
    what_was_cleared_is_kept_for_a_while: LosesLocal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    BeginsAtOne,
    LosesARecord,
    AppliesBackwards,
    IgnoresDeletions,
    CountsForItself,
    CutsLargeRecords,
    StartsAnew,
    HoldsSixteenBits,
    IgnoresCase,
    KeepsOneRecordAnId,
    NeverConflicts,
    WakesAtOnce,
    WritesRecordByRecord,
    LosesRows,
    LosesLocal,
    LosesState,
    LosesStamps,
    LosesMutations,
}

/// An engine with a flaw, and the fixture of such engines.
#[derive(Clone, Debug)]
pub(super) struct BrokenEngine {
    engine: MemoryEngine,
    flaw: Flaw,
}

impl BrokenEngine {
    pub(super) fn new(flaw: Flaw) -> Self {
        Self { engine: MemoryEngine::new(), flaw }
    }

    fn key(&self, record: Record) -> Record {
        match (self.flaw, record) {
            (Flaw::IgnoresCase, Record::Row(id)) => Record::Row(lower(&id)),
            (Flaw::IgnoresCase, Record::Local(id)) => Record::Local(lower(&id)),
            (Flaw::KeepsOneRecordAnId, Record::Local(id)) => Record::Row(id),
            (_, record) => record,
        }
    }

    fn spoil(&self, write: &mut Write) {
        match self.flaw {
            Flaw::LosesARecord if write.put.len() > 1 => drop(write.put.remove(0)),
            Flaw::IgnoresDeletions => write.delete.clear(),
            _ => {}
        }
        let put = std::mem::take(&mut write.put);
        write.put = put.into_iter().map(|(record, bytes)| (self.key(record), bytes)).collect();
        let delete = std::mem::take(&mut write.delete);
        write.delete = delete.into_iter().map(|record| self.key(record)).collect();
    }
}

fn lower(id: &ConversationId) -> ConversationId {
    let (prefix, rest) = id.as_str().split_at(if id.user_id().is_some() { 3 } else { 5 });
    format!("{prefix}{}", rest.to_lowercase()).parse().unwrap_or_else(|_| id.clone())
}

impl EngineFixture for BrokenEngine {
    type Engine = Self;

    async fn open(&self) -> Result<Self, StoreError> {
        Ok(if self.flaw == Flaw::StartsAnew { Self::new(self.flaw) } else { self.clone() })
    }
}

#[async_trait]
impl Engine for BrokenEngine {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let mut loaded = self.engine.load().await?;
        match self.flaw {
            Flaw::BeginsAtOne if loaded.seq == Seq::ZERO => loaded.seq = Seq::new(1),
            Flaw::CountsForItself => loaded.seq = Seq::new(loaded.records.len() as u64),
            Flaw::LosesRows => loaded.records.retain(|(key, _)| !matches!(key, Record::Row(_))),
            Flaw::LosesLocal => loaded.records.retain(|(key, _)| !matches!(key, Record::Local(_))),
            Flaw::LosesMutations => loaded.records.retain(|(key, _)| {
                matches!(key, Record::State | Record::Row(_) | Record::Local(_))
            }),
            Flaw::LosesState => loaded.records.retain(|(key, _)| *key != Record::State),
            Flaw::CutsLargeRecords => loaded.records.iter_mut().for_each(|(_, bytes)| {
                *bytes = Arc::from(&bytes[..bytes.len().min(4096)]);
            }),
            Flaw::HoldsSixteenBits => loaded.records.truncate(1 << 16),
            Flaw::LosesStamps => {
                for (key, bytes) in &mut loaded.records {
                    if let Record::Row(id) = key {
                        let row = RowRecord::decode(id, bytes)?.row;
                        *bytes = RowRecord::new(row, Stamps::default()).encode(seq(bytes)?)?;
                    }
                }
            }
            _ => {}
        }
        Ok(loaded)
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut writes = writes.to_vec();
        writes.iter_mut().for_each(|write| self.spoil(write));
        match self.flaw {
            Flaw::AppliesBackwards => {
                let contents: Vec<_> =
                    writes.iter().map(|w| (w.put.clone(), w.delete.clone())).collect();
                for (write, (put, delete)) in writes.iter_mut().zip(contents.into_iter().rev()) {
                    (write.put, write.delete) = (put, delete);
                }
            }
            Flaw::NeverConflicts => writes[0].expected = self.engine.load().await?.seq,
            Flaw::WritesRecordByRecord => {
                for write in writes {
                    let mut expected = write.expected;
                    for put in write.put {
                        let mut single = Write::new(expected, write.seq);
                        single.put.push(put);
                        self.engine.commit(&[single]).await?;
                        tokio::task::yield_now().await;
                        expected = write.seq;
                    }
                }
                return Ok(());
            }
            _ => {}
        }
        self.engine.commit(&writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        if self.flaw == Flaw::WakesAtOnce { Ok(()) } else { self.engine.follow(since).await }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}
