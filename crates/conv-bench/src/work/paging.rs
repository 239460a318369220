//! A whole list, page by page.

use std::num::NonZeroUsize;

use conv_api::All;

use super::{GROWING, Work};
use crate::{
    contest::Contest,
    data,
    figure::Value,
    ours::{Ours, PAGE},
    peers::{Plain, Sqlite},
    settings::Settings,
    watch::Cpu,
};

pub const PAGING: Work = Work {
    name: "paging",
    title: "the whole list in pages of 100",
    baseline: "BTreeMap ranges",
    sizes: GROWING,
    run,
};

fn run(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let (ours, plain) = (Ours::in_memory(&rows), Plain::of(&rows));
    let sqlite = Sqlite::in_memory(&rows);
    for pages in [pages(&ours), ranges(&plain), sqlite.pages(PAGE)] {
        assert_eq!(pages, count);
    }
    Contest::new(Cpu::Thread)
        .enter("conv, facade", |_| pages(&ours))
        .enter("BTreeMap ranges", |_| ranges(&plain))
        .enter("SQLite, in memory", |_| sqlite.pages(PAGE))
        .run(settings)
}

pub fn pages(ours: &Ours) -> usize {
    let limit = NonZeroUsize::new(PAGE).unwrap();
    let (mut total, mut key) = (0, None);
    loop {
        let page = ours.conversations.page(All, limit, key.as_ref());
        total += page.rows.len();
        match page.next {
            Some(next) => key = Some(next),
            None => return total,
        }
    }
}

fn ranges(plain: &Plain) -> usize {
    let (mut total, mut after) = (0, (0, 0));
    loop {
        let page =
            plain.order.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        let page: Vec<_> = page.take(PAGE).map(|(place, row)| (*place, row.clone())).collect();
        total += page.len();
        match page.last() {
            Some((last, _)) => after = *last,
            None => return total,
        }
    }
}
