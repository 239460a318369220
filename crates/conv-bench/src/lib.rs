//! conv measured beside its peers and beside bare floors: same work, same rows, in turn, in one run.
//!
//! `cargo run --release -p conv-bench -- --help`

// A measurement that goes wrong has to stop, and loudly.
#![allow(
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

pub mod cloud;
pub mod contest;
pub mod data;
pub mod figure;
pub mod gateway;
pub mod goals;
pub mod hosted;
pub mod instructions;
pub mod machine;
pub mod neighbours;
pub mod ours;
pub mod peers;
pub mod report;
pub mod settings;
pub mod stage;
pub mod watch;
pub mod watched;
pub mod work;
