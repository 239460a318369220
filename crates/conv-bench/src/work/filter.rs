//! Rows that are asked for by what they have.

use std::sync::Arc;

use conv_api::{Condition, ConversationQuery, MarkType};

use super::{GROWING, Work};
use crate::{
    contest::Contest,
    data::{self, Row},
    figure::Value,
    ours::{Ours, SCREEN},
    peers::{Dash, Place, Plain, Sqlite},
    settings::Settings,
    watch::Cpu,
};

pub const STARRED: Work = Work {
    name: "filter-page",
    title: "the first 50 rows with a mark",
    baseline: "BTreeSet walk",
    sizes: GROWING,
    run: starred,
};

pub const ALL_STARRED: Work = Work {
    name: "filter-all",
    title: "all rows with a mark",
    baseline: "BTreeSet walk",
    sizes: GROWING,
    run: all_starred,
};

pub const COMPOUND: Work = Work {
    name: "compound",
    title: "the first 50 of a group, unread, without a mark",
    baseline: "BTreeSets, met",
    sizes: GROWING,
    run: compound,
};

fn starred(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let (ours, plain) = (Ours::in_memory(&rows), Plain::of(&rows));
    let (dash, sqlite) = (Dash::of(&rows), Sqlite::in_memory(&rows));
    let query = ConversationQuery::condition(Condition::mark(MarkType::STAR)).unwrap();
    let row = |place: &Place| Arc::clone(plain.row(place));
    Contest::new(Cpu::Thread)
        .enter("conv, facade", |_| ours.screen(&query))
        .enter("BTreeSet walk", |_| plain.starred.iter().take(SCREEN).map(row).collect::<Vec<_>>())
        .enter("DashMap, sorted on read", |_| dash.first(SCREEN, is_starred))
        .enter("SQLite, in memory", |_| sqlite.starred(SCREEN))
        .run(settings)
}

fn all_starred(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let (ours, plain) = (Ours::in_memory(&rows), Plain::of(&rows));
    let (dash, sqlite) = (Dash::of(&rows), Sqlite::in_memory(&rows));
    let query = ConversationQuery::condition(Condition::mark(MarkType::STAR)).unwrap();
    let snapshot = ours.conversations.snapshot();
    Contest::new(Cpu::Thread)
        .enter("conv, snapshot", |_| snapshot.list(&query))
        .enter("BTreeSet walk", |_| {
            plain.starred.iter().map(|place| Arc::clone(plain.row(place))).collect::<Vec<_>>()
        })
        .enter("DashMap, sorted on read", |_| dash.all(is_starred))
        .enter("SQLite, in memory", |_| sqlite.starred(count))
        .run(settings)
}

fn compound(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let (ours, plain) = (Ours::in_memory(&rows), Plain::of(&rows));
    let (dash, sqlite) = (Dash::of(&rows), Sqlite::in_memory(&rows));
    let condition = Condition::group("Suppliers")
        .and(Condition::unread(true))
        .and(!Condition::mark(MarkType::STAR));
    let query = ConversationQuery::condition(condition.clone()).unwrap();
    // Rows of the same second may be in another order.
    let (theirs, found) = (met(&plain), ours.screen(&query).rows);
    assert!(theirs.iter().map(|row| row.listing.time).eq(found.iter().map(|row| row.listing.time)));
    Contest::new(Cpu::Thread)
        .enter("conv, facade", |_| ours.screen(&query))
        .enter("BTreeSets, met", |_| met(&plain))
        .enter("BTreeMap, read through", |_| {
            let rows = plain.order.values().filter(|row| condition.matches(row));
            rows.take(SCREEN).cloned().collect::<Vec<_>>()
        })
        .enter("DashMap, sorted on read", |_| dash.first(SCREEN, |row| condition.matches(row)))
        .enter("SQLite, in memory", |_| sqlite.compound(SCREEN))
        .run(settings)
}

fn is_starred(row: &conv_api::Conversation) -> bool {
    row.listing.marks.contains(MarkType::STAR)
}

/// Answers this one query with code written by hand.
fn met(plain: &Plain) -> Vec<Row> {
    let places = plain.unread.intersection(&plain.suppliers);
    let places = places.filter(|place| !plain.starred.contains(place));
    places.take(SCREEN).map(|place| Arc::clone(plain.row(place))).collect()
}
