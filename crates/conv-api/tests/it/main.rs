#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod failing_store;
mod lists;
mod passes;
mod profiles;
mod support;
