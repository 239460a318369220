//! Streams and long polls.

mod client;
mod ends;
mod events;
mod folding;
mod interest;
mod polls;
mod quiet;
mod sharing;
mod tickets;
