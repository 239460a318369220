#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod corpus;
mod counts;
mod facade;
mod faults;
mod layering;
mod restart;
mod secrets;
mod simulation;
mod wire;
