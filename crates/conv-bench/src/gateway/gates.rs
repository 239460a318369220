//! Counts that hold on any machine, however busy: tests compare them with their limits.

use super::{
    ask::Ask,
    hooks::{self, Hooks},
    stage::{Binaries, Stage},
};

/// The counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    /// Bytes of heap per line on which nothing happens.
    pub heap_per_line: f64,
    /// Updates made into JSON per change that a thousand read.
    pub serialisations_per_change: f64,
    /// Bytes on the wire per reader and change of one row.
    pub bytes_per_change: f64,
    /// Calls of the cloud while all lines were cut and came back.
    pub calls_of_a_herd: u64,
    /// Lines of these that were answered with all rows.
    pub resets_of_a_herd: u64,
    /// Calls of the cloud per webhook of a watched account.
    pub calls_per_webhook: f64,
    /// Calls of the cloud because of webhooks of accounts that nobody watches.
    pub calls_of_unwatched: u64,
}

const READERS: usize = 1_000;
const CHANGES: usize = 5;
const HOOKS: usize = 10;

/// Counts with a server of the binary that counts its heap.
pub fn count(binaries: &Binaries) -> Counts {
    super::files::raise();
    // The second is watched by its own line, the third by nobody.
    let mut stage = Stage::new(&binaries.counting, 3);
    stage.open_own(2);
    let few = stage.open_readers(READERS / 2);
    let many = stage.open_readers(READERS / 2);
    let heap_per_line =
        (many.heap.unwrap() as f64 - few.heap.unwrap() as f64) / (READERS / 2) as f64;

    // The first account's own line reads the same view.
    let (bytes, readers) = (stage.lines.bytes, READERS as u64 + 1);
    for _ in 0..CHANGES {
        stage.server.tell(&Ask::Touch { from: 0, count: 1 });
        stage.lines.read_updates(readers, &mut |_| {});
        stage.server.answer();
    }
    let bytes = (stage.lines.bytes - bytes) as f64;
    let changed = stage.server.stats();
    let serialised = changed.serialisations - many.serialisations;

    let (calls_of_a_herd, resets_of_a_herd) = herd(&mut stage);
    let (calls_per_webhook, calls_of_unwatched) = webhooks(&mut stage);
    stage.stop();
    Counts {
        heap_per_line,
        serialisations_per_change: serialised as f64 / CHANGES as f64,
        bytes_per_change: bytes / (readers * CHANGES as u64) as f64,
        calls_of_a_herd,
        resets_of_a_herd,
        calls_per_webhook,
        calls_of_unwatched,
    }
}

fn herd(stage: &mut Stage) -> (u64, u64) {
    let (calls, before) = (stage.cloud.calls(), stage.server.stats());
    stage.lines.cut();
    stage.server.ask(&Ask::Touch { from: 0, count: 2 });
    let after = stage.opened();
    assert!(after.resumed_patch > before.resumed_patch, "lines come with their positions");
    (stage.cloud.calls() - calls, after.resumed_reset - before.resumed_reset)
}

/// The calls per webhook of the second account, and those because of the third.
fn webhooks(stage: &mut Stage) -> (f64, u64) {
    let path = stage.cloud.hook(hooks::COMMAND);
    let mut sender = Hooks::new(stage.cloud.emulator.world(), stage.server.addresses[0], path);
    let lines = stage.lines.count();
    let calls = stage.cloud.calls();
    for row in 0..HOOKS {
        sender.send(2, row);
        stage.lines.read_updates(1, &mut |_| {});
    }
    stage.server.settled(lines);
    let watched = stage.cloud.calls() - calls;
    for row in 0..HOOKS {
        sender.send(3, row);
    }
    stage.server.settled(lines);
    (watched as f64 / HOOKS as f64, stage.cloud.calls() - calls - watched)
}
