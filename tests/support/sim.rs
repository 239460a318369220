//! A seeded cloud that changes while it is read, and a seeded network that fails.
//!
//! The real pull and the real store run against it, in paused time: a seed gives the same run every
//! time. A witness that sees the cloud itself judges whether the promises hold.

pub(crate) mod clock;
mod cloud;
pub(crate) mod engine;
mod others;
mod paging;
mod run;
mod runs;
mod witness;
mod world;

pub use self::{
    paging::CursorKind,
    runs::{Failure, chaos, churn, devices, hardship, refresh},
    witness::Broken,
};
