//! Live lists and the facade's reads, beside plain maps and eyeball's adapters in the same run: p10
//! of the wall time of a call, ours and theirs, and the ratio.
//!
//! `cargo bench -p conv-api --bench live` (an argument such as `top` or `update` picks some)

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

mod adapters;
mod list;
#[path = "../../../conv-store/benches/list/timing.rs"]
mod timing;

use std::{
    collections::BTreeMap,
    hint::black_box,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use conv_api::{All, Condition, ConversationQuery, Timestamp};

use self::{
    adapters::Adapters,
    list::{List, poll_all},
    timing::compare,
};

const WINDOW: usize = 50;
const READERS: usize = 100;

/// What the reader of a number asks for.
type Query = fn(usize) -> ConversationQuery;

fn main() {
    println!("{:<44} {:>12} {:>12} {:>6}", "", "conv", "theirs", "ratio");
    let benches = [("top", top as fn()), ("join", join), ("update", update), ("busy", busy)];
    for (name, bench) in benches {
        let asked: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            bench();
        }
    }
}

/// The first rows through the facade, beside a range of a map.
fn top() {
    let limit = NonZeroUsize::new(WINDOW).unwrap();
    for count in [500, 50_000] {
        let list = List::of(count);
        let rows = list.conversations.snapshot().list(&ConversationQuery::All);
        let plain: BTreeMap<u64, _> = (0..).zip(rows).collect();
        let page = |_| list.conversations.page(All, limit, None).unwrap();
        let raw = |_| plain.values().take(WINDOW).cloned().collect::<Vec<_>>();
        compare(&format!("top 50 of {count} / BTreeMap"), 200, 1.5, page, raw);
    }
}

/// One more reader of a query that is read already, of a long list and of a short one.
fn join() {
    let (long, short) = (List::of(50_000), List::of(500));
    let starred = ConversationQuery::from(Condition::unread(true));
    let _readers = (long.readers(1, |_| starred.clone()), short.readers(1, |_| starred.clone()));
    let join = |list: &List| drop(list.readers(1, |_| starred.clone()));
    compare("one more reader, of 50,000 / of 500", 50, 1.2, |_| join(&long), |_| join(&short));
}

/// One row that is touched, read by a hundred readers of 50 rows each.
fn update() {
    const ROWS: usize = 50_000;
    let theirs = std::cell::RefCell::new(Adapters::of(ROWS, READERS, WINDOW));
    let queries: [(&str, Query); 2] = [
        ("of one query", |_| All.into()),
        ("of 100 queries", |n| Condition::After(Timestamp::from_secs(n as u64)).into()),
    ];
    for (what, query) in queries {
        let list = List::of(ROWS);
        let mut readers = list.readers(READERS, query);
        let ours = |round| {
            list.touch(round);
            assert_eq!(poll_all(&mut readers), READERS);
        };
        let theirs = |_| theirs.borrow_mut().touch();
        compare(&format!("update, 100 readers {what} / eyeball"), 1, 0.01, ours, theirs);
    }
    let (read, alone) = (List::of(ROWS), List::of(ROWS));
    let mut readers = read.readers(READERS, |_| All.into());
    let with_readers = |round| {
        read.touch(round);
        poll_all(&mut readers)
    };
    compare("update, 100 readers / none", 10, 3.0, with_readers, |round| alone.touch(round));
}

/// Reads while a writer on another thread does nothing else.
fn busy() {
    let limit = NonZeroUsize::new(WINDOW).unwrap();
    let list = List::of(50_000);
    let read = || {
        let start = Instant::now();
        black_box(list.conversations.page(All, limit, None).unwrap());
        start.elapsed()
    };
    let reads = || {
        let mut times: Vec<Duration> = (0..200_000).map(|_| read()).collect();
        times.sort();
        [times[times.len() / 10], times[times.len() * 99 / 100]].map(|t| t.as_secs_f64() * 1e6)
    };
    let alone = reads();
    let busy = list.while_writing(reads);
    for (what, busy, alone) in [("p10", busy[0], alone[0]), ("p99", busy[1], alone[1])] {
        let ratio = busy / alone;
        let what = format!("top 50, {what} with a writer / alone");
        println!("{what:<44} {busy:>9.3} µs {alone:>9.3} µs {ratio:>6.2}  (goal 3)");
    }
}
