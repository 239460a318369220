#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cloud;
mod dropped;
mod failures;
mod limiter;
mod machine;
mod mocked;
mod promises;
mod puller;
mod rest_last_messages;
mod rest_profiles;
mod rest_rate;
mod rest_samples;
mod rest_signing;
mod rest_wire;
mod retrying;
mod support;
mod trace;
mod usersig;
