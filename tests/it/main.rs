#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod api_rules;
mod code_map;
mod corpus;
mod counts;
mod facade;
mod faults;
mod field;
mod layering;
mod outgoing;
mod outgoing_kill;
mod outgoing_simulation;
mod outgoing_wire;
mod pages;
mod public_api;
mod restart;
mod resuming;
mod secrets;
mod simulation;
mod wire;
