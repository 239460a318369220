//! Live lists: what readers get is what the list is.

#[cfg(feature = "rest")]
mod cloud;
mod ending;
mod history;
pub mod reader;
mod resume;
mod sharing;
mod steps;
mod waiting;
