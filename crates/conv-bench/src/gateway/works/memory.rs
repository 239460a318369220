//! The memory of lines and users.

use super::per;
use crate::gateway::{
    Sizes,
    ask::{Ask, Stats},
    cloud::ROWS,
    figure::{Figure, Goal, Unit},
    stage::{BareStage, Binaries, Stage},
};

/// The memory of a line that nothing happens on, beside others of the same view.
pub fn idle(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    let mut stage = Stage::new(&binaries.counting, 1);
    // Tables that grow by doubling would make the first lines dear.
    let few = stage.open_readers(sizes.readers);
    let many = stage.open_readers(sizes.readers);
    let heap = per(few.heap.unwrap(), many.heap.unwrap(), sizes.readers);
    let resident = per(few.resident, many.resident, sizes.readers);
    stage.stop();
    let mut bare = BareStage::new(&binaries.counting, sizes.readers);
    let few = bare.server.stats();
    bare.open(sizes.readers);
    let many = bare.server.stats();
    let bare = per(few.heap.unwrap(), many.heap.unwrap(), sizes.readers);
    vec![
        Figure::new(
            "heap per idle line, window 50, one view",
            Goal::AtMost(8192.0),
            heap,
            Unit::Bytes,
        ),
        Figure::new("the same, resident memory", Goal::None, resident, Unit::Bytes),
        Figure::new("heap per idle line of bare axum SSE", Goal::None, bare, Unit::Bytes),
    ]
}

/// The memory of a user who is online, with his list: one more beside as many others, on disk, where the
/// records are in no memory of ours.
pub fn online(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    let users = sizes.lines.min(2_000) / 2;
    let mut stage = Stage::cold(&binaries.counting, users * 2, true);
    stage.server.ask(&Ask::Warm { from: 0, count: users });
    let before = stage.open_own(users);
    stage.server.ask(&Ask::Warm { from: users, count: users });
    let loaded = stage.server.stats();
    let after = stage.open_own(users);
    stage.stop();
    let heap = |to: &Stats| per(before.heap.unwrap(), to.heap.unwrap(), users);
    let resident = per(before.resident, after.resident, users);
    let what = format!("heap per user online with {} rows, all in", ROWS);
    vec![
        Figure::new(what, Goal::AtMost(102_400.0), heap(&after), Unit::Bytes),
        Figure::new("of it, the loaded list", Goal::None, heap(&loaded), Unit::Bytes),
        Figure::new("resident memory per user", Goal::None, resident, Unit::Bytes),
    ]
}
