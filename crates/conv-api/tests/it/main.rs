#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod accounts;
mod closing;
mod codes;
mod events;
mod failing_store;
mod lists;
mod live;
mod marks;
mod outgoing;
mod overtaken;
mod panics;
mod passes;
mod profiles;
mod support;
mod timeless;
mod two_processes;
mod waiting;
