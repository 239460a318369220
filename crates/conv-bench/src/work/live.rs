//! A hundred readers of fifty rows each, and one row that moves.

use conv_api::{All, Condition, ConversationQuery, LiveList, Timestamp, model::Delta};

use super::Work;
use crate::{
    contest::Contest,
    data::{self, touch, touched, which},
    figure::Value,
    ours::{Ours, SCREEN},
    peers::{Adapters, poll_all},
    settings::Settings,
    watch::Cpu,
};

const READERS: usize = 100;

pub const LIVE: Work = Work {
    name: "live",
    title: "one row moves, a hundred readers read it",
    baseline: "eyeball-im-util's adapters",
    sizes: &[500, 10_000, 50_000],
    run,
};

fn run(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let [one, many, unread] = [(); 3].map(|()| Ours::in_memory(&rows));
    let mut of_one = readers(&one, |_| All.into());
    // All rows are newer than any of these moments.
    let after = |n: usize| {
        ConversationQuery::condition(Condition::after(Timestamp::from_secs(n as u64))).unwrap()
    };
    let mut of_many = readers(&many, after);
    let mut adapters = Adapters::of(&rows, READERS, SCREEN);
    // Of a long list the pinned rows alone are seen: one of them moves.
    let pinned: Vec<_> = (0..count).filter(|at| rows[*at].listing.is_pinned).collect();
    let moving = |round| pinned[which(round, pinned.len())];
    let moved = |round| Delta::listed([touch(&rows[moving(round)], round)]);
    Contest::new(Cpu::Thread)
        .enter("conv, readers of one query", |round| {
            one.apply(moved(round));
            assert_eq!(poll_all(&mut of_one), READERS);
        })
        .enter("conv, readers of 100 queries", |round| {
            many.apply(moved(round));
            assert_eq!(poll_all(&mut of_many), READERS);
        })
        .enter("conv, no readers", |round| unread.apply(moved(round)))
        .enter("eyeball-im-util's adapters", |round| {
            let at = moving(round);
            adapters.set(at, touched(&rows[at], round));
        })
        .run(settings)
}

/// Readers that have read all there is.
fn readers(ours: &Ours, query: impl Fn(usize) -> ConversationQuery) -> Vec<LiveList> {
    let subscribe = |n| ours.conversations.subscribe(query(n)).window(SCREEN);
    let mut readers: Vec<_> = (0..READERS).map(subscribe).collect();
    poll_all(&mut readers);
    readers
}
