//! A seeded cloud that is read and written, a second device, and a user who changes the list.
//!
//! The real store, the real dispatcher and the real pull run against it, in paused time: a seed
//! gives the same run every time. Calls, answers and acknowledgements get lost, calls arrive late,
//! reads are stale, and the process dies between any two steps. In pairs, two processes share the
//! store: the lease to send passes from one to the other, which may notice late.

mod cloud;
mod judge;
mod pair;
mod process;
mod run;
mod user;
mod world;

pub use self::{
    judge::Broken,
    run::{Failure, outgoing, outgoing_pair},
};
