//! An engine of one's own: a file that whole writes are appended to.

mod journal;

pub use journal::Journal;
