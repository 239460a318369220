//! Streams and long polls.

mod client;
mod delegates;
mod ends;
mod events;
mod folding;
mod herd;
mod interest;
mod polls;
mod quiet;
mod sharing;
mod tickets;
