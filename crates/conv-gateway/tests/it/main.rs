//! The gateway, call by call.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(feature = "server")]
mod server;
mod tokens;
