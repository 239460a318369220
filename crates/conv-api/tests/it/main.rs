#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod accounts;
mod events;
mod failing_store;
mod lists;
mod live;
mod passes;
mod profiles;
mod support;
