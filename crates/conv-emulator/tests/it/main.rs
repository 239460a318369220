//! The emulator from outside, over HTTP, by a client that knows nothing of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod client;
mod requests;

mod connections;
mod contact_groups;
mod dates;
mod faults;
mod gate;
mod get_list;
mod groups;
mod lifecycle;
mod membership;
mod messages;
mod odd_texts;
mod pages;
mod profiles;
mod rows;
mod schedule;
mod second_device;
mod taken_away;
mod unknowns;
mod unread_and_messages;
mod world;
mod write_faults;
mod write_limits;
mod writes;
