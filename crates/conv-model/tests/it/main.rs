//! Tests of the public API, one binary.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod strategies;
