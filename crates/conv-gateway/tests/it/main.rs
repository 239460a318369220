//! What the crate promises to those who embed it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(feature = "server")]
mod host;
#[cfg(feature = "server")]
mod server;
mod tokens;
mod webhook;
