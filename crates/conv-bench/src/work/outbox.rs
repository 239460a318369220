//! Changes that the user made and the cloud has not: accepting one, and reading beside many.

use conv_api::{
    All, ConversationQuery, Durability,
    model::{Enqueue, MarkType, Mutation, OutboxChange},
};

use super::{Work, heap, paging};
use crate::{
    contest::Contest,
    data::{self, Row, which},
    figure::Value,
    ours::{Kind, Ours},
    peers::Log,
    settings::Settings,
    stage::Stage,
    watch::Cpu,
};

/// As many as an outbox may hold.
const PENDING: usize = 1_000;

pub const ENQUEUE: Work = Work {
    name: "enqueue",
    title: "one change is accepted, and survives a power cut",
    baseline: "log, one fdatasync",
    sizes: &[500, 10_000],
    run: enqueue,
};

pub const SCREEN: Work = Work {
    name: "pending-top",
    title: "the first 50 rows, with 1,000 changes pending and without",
    baseline: WITHOUT,
    sizes: &[10_000],
    run: screen,
};

pub const PAGING: Work = Work {
    name: "pending-paging",
    title: "the whole list in pages of 100, with 1,000 changes pending and without",
    baseline: WITHOUT,
    sizes: &[10_000],
    run: pages,
};

pub const HEAP: Work = Work {
    name: "pending-heap",
    title: "bytes of heap per pending change",
    baseline: heap::FIRST_CHANGE,
    // Twice as many changes are what an outbox may hold.
    sizes: &[500],
    run: heap::pending,
};

const WITH: &str = "conv, 1,000 pending";
const WITHOUT: &str = "conv, none pending";

fn enqueue(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let stage = Stage::of(count);
    let mut contest = Contest::new(Cpu::Process);
    for (name, kind, durability) in [
        ("conv, sled Process", Kind::Sled, Durability::Process),
        ("conv, redb Process", Kind::Redb, Durability::Process),
    ] {
        let ours = stage.ours(kind, durability);
        let rows = &stage.rows;
        contest = contest.enter_timed(name, move |watch, round| {
            // Few rows, so that the outbox never fills: a change replaces the one before it.
            let change = custom_data(&rows[which(round, rows.len()) % 400], round);
            watch.time(|| accept(&ours, [change]));
        });
    }
    let mut log = Log::create(&stage.folder());
    contest
        .enter_timed("log, one fdatasync", |watch, round| {
            let row = &stage.rows[which(round, stage.rows.len()) % 400];
            let bytes = format!("{} {round}", row.id);
            watch.time(|| log.append(bytes.as_bytes()));
        })
        .run(settings)
}

fn screen(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let [with, without] = both(count);
    let all = ConversationQuery::from(All);
    Contest::new(Cpu::Thread)
        .enter(WITH, |_| with.screen(&all))
        .enter(WITHOUT, |_| without.screen(&all))
        .run(settings)
}

fn pages(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let [with, without] = both(count);
    Contest::new(Cpu::Thread)
        .enter(WITH, |_| paging::pages(&with))
        .enter(WITHOUT, |_| paging::pages(&without))
        .run(settings)
}

/// A list with pending changes, spread over all of it, and the same list without.
fn both(count: usize) -> [Ours; 2] {
    let rows = data::rows(count);
    let with = Ours::in_memory(&rows);
    let every = count / PENDING;
    accept(&with, rows.iter().step_by(every).take(PENDING).map(|row| custom_data(row, 1)));
    assert_eq!(with.conversations.pending().len(), PENDING);
    [with, Ours::in_memory(&rows)]
}

/// Sets the star of a row, or clears it.
pub fn star(row: &Row) -> Mutation {
    let is_set = !row.listing.marks.contains(MarkType::STAR);
    Mutation::Mark { id: row.id.clone(), mark_type: MarkType::STAR, is_set }
}

pub fn custom_data(row: &Row, round: usize) -> Mutation {
    Mutation::CustomData { id: row.id.clone(), custom_data: round.to_string().into() }
}

pub fn accept(ours: &Ours, mutations: impl IntoIterator<Item = Mutation>) {
    let mut enqueue = Enqueue::new(mutations);
    // The lists here have more marked rows than the cloud allows.
    enqueue.limits.marked = usize::MAX;
    let change = OutboxChange::from(enqueue);
    ours.runtime.block_on(ours.store().mutate(change)).unwrap();
}
