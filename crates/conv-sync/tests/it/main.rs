#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod asked;
mod blind;
mod budgets;
mod changes;
mod cloud;
mod dropped;
mod failures;
mod group_names;
mod limit;
mod limiter;
mod machine;
mod mocked;
mod no_time;
mod promises;
mod puller;
mod rest_last_messages;
mod rest_profiles;
mod rest_rate;
mod rest_samples;
mod rest_signing;
mod rest_wire;
mod resuming;
mod retrying;
mod round_trips;
mod send_deleting;
mod send_dispatcher;
mod send_groups;
mod send_random;
mod send_rules;
mod send_settling;
mod send_support;
mod support;
mod trace;
mod usersig;
mod write_rules;
mod write_wire;
