//! The promises of the crate to its embedders.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(all(feature = "client", feature = "server"))]
mod devices;
#[cfg(feature = "server")]
mod hooks;
#[cfg(feature = "server")]
mod host;
#[cfg(feature = "server")]
mod hostile;
#[cfg(feature = "server")]
mod server;
mod tokens;
#[cfg(feature = "server")]
mod vectors;
mod webhook;
