//! An engine of one's own, a file that whole writes are appended to, and a database over it.

mod accounts;
mod journal;

pub use accounts::Journals;
pub use journal::Journal;
