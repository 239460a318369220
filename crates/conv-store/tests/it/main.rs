//! Tests of the public API, one binary.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod broken;
mod conformance;
mod epoch;
mod indexed;
mod killed;
mod lost;
mod memory;
mod model;
mod mounted;
mod old;
mod outbox;
mod page;
mod printed;
mod read_only;
mod record;
mod redb;
mod scan;
mod shared;
mod sled_accounts;
mod sled_calls;
mod sled_damage;
#[cfg(unix)]
mod sled_full;
mod sled_growth;
mod sled_heal;
mod sled_kill;
mod sled_model;
mod sled_reopen;
mod sled_support;
mod snapshot;
mod stored_accounts;
mod suggestions;
mod support;
mod together;
mod watcher;
mod writer;
