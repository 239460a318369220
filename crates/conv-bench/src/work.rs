//! The measured pieces of work.

mod busy;
mod commit;
mod filter;
pub mod heap;
mod host;
mod id;
mod live;
mod matrix;
mod open;
pub mod outbox;
mod paging;
mod pull;
mod pull_bytes;
mod top;
mod update;
pub mod written;

use crate::{
    figure::{Figure, Value},
    settings::Settings,
};

/// Lists of all sizes.
pub const GROWING: &[usize] = &[100, 500, 10_000, 100_000, 1_000_000];

/// One piece of work, for entrants that can do it.
pub struct Work {
    /// The name on the command line.
    pub name: &'static str,
    /// The description of one call.
    pub title: &'static str,
    /// The name of the entrant that the others are compared with.
    pub baseline: &'static str,
    /// The sizes of list that it is done on.
    pub sizes: &'static [usize],
    pub run: fn(usize, &Settings) -> Vec<(&'static str, Value)>,
}

pub const ALL: &[&Work] = &[
    &id::PARSE,
    &top::TOP,
    &filter::STARRED,
    &filter::ALL_STARRED,
    &filter::COMPOUND,
    &paging::PAGING,
    &update::UPDATE,
    &update::BULK,
    &live::LIVE,
    &busy::BUSY,
    &commit::PAGE_COMMIT,
    &commit::UPDATE,
    &commit::GROUP,
    &open::OPEN,
    &matrix::OPEN,
    &matrix::COMMIT,
    &pull::FIRST,
    &pull::AGAIN,
    &pull_bytes::PULL_BYTES,
    &host::OPEN,
    &host::PULL,
    &heap::HEAP,
    &heap::IDLE,
    &outbox::ENQUEUE,
    &outbox::SCREEN,
    &outbox::PAGING,
    &outbox::HEAP,
    &written::PAGE_BYTES,
    &written::ONE_BYTES,
    &written::ROOM,
];

impl Work {
    /// Measures it on each size that is asked for and fits the memory.
    pub fn figures(&self, settings: &Settings) -> Vec<Figure> {
        let mut figures = Vec::new();
        for rows in settings.sizes(self.sizes) {
            let values = (self.run)(rows, settings);
            figures.extend(values.into_iter().map(|(entrant, value)| Figure {
                work: self.name.into(),
                rows,
                entrant: entrant.into(),
                value,
            }));
        }
        figures
    }
}
