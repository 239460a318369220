//! The built binary, run as a user runs it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod change;
mod doctor;
mod emulate;
mod faults;
mod group;
mod guide_files;
mod help;
mod id;
mod killed;
mod list;
mod lost;
mod read_only;
mod redis;
mod refusals;
mod serve;
mod serve_config;
mod shapes;
mod sizes;
mod stores;
mod support;
mod terminal;
mod unsent;
mod usersig;
mod watch;
