//! Rules of sending: which mutations go together, their order, and the effect of an answer.

mod batches;
mod expiry;
mod held;
mod order;
mod reading;
mod refusals;
mod retries;

use crate::send_support::World;

fn world_of(count: usize) -> (World, Vec<String>) {
    let names: Vec<String> = (0..count).map(|n| format!("user_{n:04}")).collect();
    let world = World::with_users(&names.iter().map(String::as_str).collect::<Vec<_>>());
    (world, names)
}
