//! Processes on one server that may lose writes, and clients whose connections break.
//!
//! The real stores and live lists run: a seed gives the same run every time. A client goes on from the
//! position that it had last, at the same process, at another one, after a restart, or after a loss.

mod client;
mod run;

pub use self::run::{Failure, resume};

/// The promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// The rows that a client folded are not the list of the process that it reads from.
    Rows,
    /// An update does not fit the rows of a client.
    Misfit,
    /// A client that came back got nothing at once.
    Silence,
    /// One position was given for different rows.
    Position,
    /// A row shows what an event stated after the pass that had to end it.
    Stale,
}
