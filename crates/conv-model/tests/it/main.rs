//! Tests of the public API, one binary.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod account;
mod condition;
mod id;
mod json;
mod mark;
mod merge;
mod mutation;
mod order;
mod outbox;
mod page;
mod page_key;
mod payload;
mod position;
mod query;
mod row;
mod strategies;
mod suggestion;
mod sync;
mod timestamp;
