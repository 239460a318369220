//! Watched accounts, marks that the cloud changed, and the passes they ask for.
//!
//! [`Schedule`](schedule::Schedule), [`Index`](index::Index) and [`Fanout`](fanout::Fanout) are plain
//! data that get the time as a number. One task carries out what the schedule asks for, and one task
//! per watched account reports what became of its passes and rows. [`Neighbours`] sends marks to other
//! processes on the database, and marks here what they send.

mod fanout;
mod figures;
mod follow;
mod handle;
mod index;
mod marking;
mod neighbours;
mod options;
mod rows;
mod schedule;
mod shared;
mod state;
mod task;
mod work;

pub(crate) use self::{figures::QuotaWaits, neighbours::Neighbours, shared::Watches};
pub use self::{
    figures::{QuotaWait, WatchStats},
    handle::{SyncMark, Watch},
    options::{WatchLevel, WatchOptions},
    work::Work,
};
