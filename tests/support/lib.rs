//! What the tests that cross crates share.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod online;
pub mod sim;

/// The README's code runs, too.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
