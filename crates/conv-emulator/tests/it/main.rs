//! The emulator from outside, over HTTP, by a client that knows nothing of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod client;

mod contact_groups;
mod faults;
mod gate;
mod get_list;
mod groups;
mod lifecycle;
mod profiles;
mod unread_and_messages;
mod world;
