//! The measurements, each on a stage of its own.

mod calls;
mod lines;
mod memory;
mod readers;
mod webhooks;

use super::{Sizes, figure::Figure, stage::Binaries};

pub struct Work {
    /// The name on the command line.
    pub name: &'static str,
    /// It needs the binary that counts its heap.
    pub counts: bool,
    pub run: fn(&Binaries, &Sizes) -> Vec<Figure>,
}

pub const ALL: &[Work] = &[
    Work { name: "idle", counts: true, run: memory::idle },
    Work { name: "online", counts: true, run: memory::online },
    Work { name: "lines", counts: false, run: lines::lines },
    Work { name: "readers", counts: false, run: readers::readers },
    Work { name: "webhooks", counts: false, run: webhooks::webhooks },
    Work { name: "list", counts: false, run: calls::list },
    Work { name: "login", counts: false, run: calls::login },
];

/// Returns the bytes of one more, between two moments.
fn per(before: usize, after: usize, count: usize) -> f64 {
    after.saturating_sub(before) as f64 / count as f64
}
