//! A process that counts what it allocates. The benchmark starts one for each entrant; a binary of
//! its own, since counting slows everything else down.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use std::alloc::System;

use conv_bench::{gateway, hosted, watched, work::heap};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let live = || {
        let stats = HEAP.stats();
        stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
    };
    if arguments[0] == "gateway-server" {
        return gateway::serve(&arguments[1], Some(&live));
    }
    let number = arguments[1].parse().unwrap();
    match arguments[0].as_str() {
        "watched" => watched::print(number, &live),
        "visits" => hosted::visits(number, 100, &live),
        entrant => println!("{}", heap::count(entrant, number, &live)),
    }
}
