//! Tests of the public API, one binary.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod broken;
mod conformance;
mod indexed;
mod memory;
mod model;
mod record;
mod shared;
mod sled_accounts;
mod sled_kill;
mod sled_model;
mod sled_reopen;
mod sled_support;
mod snapshot;
mod support;
