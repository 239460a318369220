//! Reading and changing a list in memory, beside plain maps in the same run: p10 of the wall time
//! of a call, ours and theirs, and the ratio.
//!
//! `cargo bench -p conv-store --bench list` (an argument such as `top` or `update` picks some)

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod beside;
mod plain;
mod timing;
mod workload;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, RwLock},
};

use arc_swap::ArcSwap;
use conv_model::{All, Condition, Conversation, ConversationQuery, MarkType, SyncState, Timestamp};
use conv_store::Snapshot;

use self::{
    plain::{Persistent, Place, Plain},
    timing::compare,
    workload::rows,
};

const PAGE: usize = 50;

fn main() {
    println!("{:<44} {:>12} {:>12} {:>6}", "", "conv", "plain", "ratio");
    let benches =
        [("top", top as fn()), ("filter", filter), ("update", update), ("beside", beside)];
    for (name, bench) in benches {
        let asked: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            bench();
        }
    }
}

fn snapshot(rows: &[Arc<Conversation>]) -> Snapshot {
    Snapshot::of([], SyncState::default()).with_rows(rows.iter().cloned())
}

fn top() {
    let limit = NonZeroUsize::new(PAGE).unwrap();
    for count in [500, 10_000, 100_000] {
        let rows = rows(count);
        let (ours, plain) = (snapshot(&rows), Plain::of(&rows));
        let raw = |_| plain.order.values().take(PAGE).cloned().collect::<Vec<_>>();
        let walk = |_| ours.rows().take(PAGE).cloned().collect::<Vec<_>>();
        let page = |_| ours.page(&All.into(), limit, None);
        compare(&format!("top 50 of {count}"), 200, 1.2, walk, raw);
        compare(&format!("first page of 50 of {count}"), 200, 1.2, page, raw);
    }
}

fn beside() {
    beside::compare(&rows(10_000));
}

fn filter() {
    let limit = NonZeroUsize::new(PAGE).unwrap();
    let starred = ConversationQuery::from(Condition::mark(MarkType::STAR));
    for count in [500, 10_000, 100_000] {
        let rows = rows(count);
        let (ours, plain) = (snapshot(&rows), Plain::of(&rows));
        let row = |place: &Place| Arc::clone(plain.row(place));
        let raw = |_| plain.starred.iter().take(PAGE).map(row).collect::<Vec<_>>();
        let page = |_| ours.page(&starred, limit, None);
        compare(&format!("first 50 starred of {count}"), 100, 1.3, page, raw);
        let raw = |_| plain.starred.iter().map(row).collect::<Vec<_>>();
        compare(&format!("all starred of {count}"), 1, 1.3, |_| ours.list(&starred), raw);
        let totals = |_| {
            plain
                .starred
                .iter()
                .map(row)
                .map(|row| row.unread.count.map_or(0, u64::from))
                .sum::<u64>()
        };
        compare(
            &format!("totals of starred of {count}"),
            10,
            1.3,
            |_| ours.totals_of(&starred),
            totals,
        );
    }
}

/// A row that was touched: a new message moved it to the top.
fn touched(row: &Conversation, round: usize) -> Arc<Conversation> {
    let mut row = row.clone();
    row.listing.time = Some(Timestamp::from_secs(1_800_000_000 + round as u64));
    Arc::new(row)
}

fn update() {
    for count in [500, 10_000, 100_000] {
        let rows = rows(count);
        published(count, &rows, false);
        published(count, &rows, true);
        bulk(count, &rows);
    }
}

/// With a reader each next list begins as a copy; without one it takes the place of the former.
fn published(count: usize, rows: &[Arc<Conversation>], is_read: bool) {
    let published = Mutex::new(snapshot(rows));
    let list = ArcSwap::from_pointee(Persistent::of(rows));
    let which = |round: usize| round.wrapping_mul(7919) % count;
    let (mut newest, mut others) = (rows.to_vec(), rows.to_vec());
    let ours = |round| {
        let row = touched(&newest[which(round)], round);
        newest[which(round)] = Arc::clone(&row);
        let read = is_read.then(|| published.lock().unwrap().clone());
        published.lock().unwrap().set_rows([row]);
        read
    };
    let imbl = |round| {
        let old = &mut others[which(round)];
        let row = touched(old, round);
        let read = is_read.then(|| list.load_full());
        list.store(Arc::new(list.load().with(old, Arc::clone(&row))));
        *old = row;
        read
    };
    let reader = if is_read { "read" } else { "published" };
    compare(&format!("update one of {count}, {reader}, / imbl"), 50, 0.5, ours, imbl);
}

fn bulk(count: usize, rows: &[Arc<Conversation>]) {
    const GROUP: usize = 64;
    let which = |round: usize, at: usize| (round * GROUP + at).wrapping_mul(7919) % count;
    let mut newest = rows.to_vec();
    let published = Mutex::new(snapshot(rows));
    let ours = |round| {
        let group: Vec<_> =
            (0..GROUP).map(|at| touched(&newest[which(round, at)], round)).collect();
        group.iter().enumerate().for_each(|(at, row)| newest[which(round, at)] = Arc::clone(row));
        published.lock().unwrap().set_rows(group);
    };
    let mut others = rows.to_vec();
    let plain = RwLock::new(Plain::of(rows));
    let maps = |round| {
        for at in 0..GROUP {
            let row = touched(&others[which(round, at)], round);
            others[which(round, at)] = Arc::clone(&row);
            plain.write().unwrap().set(row);
        }
    };
    compare(&format!("update 64 of {count}, / locked maps"), 2, 1.3, ours, maps);
}
