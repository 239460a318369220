//! Tests of the public API, one binary. Without the program `redis-server` they pass, and say so.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod accounts;
mod conformance;
mod copies;
mod faults;
mod interleavings;
mod lease;
mod limiter;
mod lost;
mod news;
mod nodes;
mod opening;
mod pulling;
mod reading;
mod resent;
mod runtimes;
mod sending;
mod shared;
mod signals;
mod stats;
mod support;
mod tls;
mod way;
