//! Many readers of one query of one list.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    figure::percentile,
    gateway::{
        Sizes,
        ask::Ask,
        figure::{Figure, Goal, Unit},
        stage::{BareStage, Binaries, Stage},
    },
    report::grouped,
};

/// Changes the list while a thousand read it.
pub fn readers(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    let count = sizes.readers;
    let mut stage = Stage::new(&binaries.plain, 1);
    let before = stage.open_readers(count);
    let (mut millis, mut changes, mut data, begun) = (Vec::new(), 0, 0, Instant::now());
    while begun.elapsed() < sizes.time {
        let at = Instant::now();
        stage.server.tell(&Ask::Touch { from: 0, count: 1 });
        stage.lines.read_updates(count as u64, &mut |event| {
            if event.name == "patch" {
                data = event.data.len();
                millis.push(event.at.duration_since(at).as_secs_f64() * 1e3);
            }
        });
        stage.server.answer();
        changes += 1;
        // One change at a time: the server is at rest in between.
        thread::sleep(Duration::from_millis(20));
    }
    let after = stage.server.stats();
    stage.stop();
    let cpu = (after.cpu - before.cpu) / f64::from(changes) / count as f64;
    let serialised = (after.serialisations - before.serialisations) as f64 / f64::from(changes);
    let bare = bare_readers(binaries, count, data, changes);
    let many = grouped(count);
    vec![
        Figure::new(
            format!("one list, {many} readers of one query: a change, p50"),
            Goal::None,
            percentile(&millis, 0.5),
            Unit::Millis,
        ),
        Figure::new("the same, p99", Goal::AtMost(10.0), percentile(&millis, 0.99), Unit::Millis),
        Figure::new("made into JSON per change", Goal::AtMost(1.0), serialised, Unit::Count),
        Figure::new("processor time per update", Goal::None, cpu, Unit::Micros),
        Figure::new("processor time per event of bare axum SSE", Goal::None, bare, Unit::Micros),
        Figure::new("the update / the event", Goal::AtMost(1.3), cpu / bare, Unit::Times),
    ]
}

fn bare_readers(binaries: &Binaries, count: usize, data: usize, changes: u32) -> f64 {
    let mut bare = BareStage::new(&binaries.plain, count);
    let before = bare.server.stats();
    for _ in 0..changes {
        bare.send(count, data);
        thread::sleep(Duration::from_millis(20));
    }
    (bare.server.stats().cpu - before.cpu) / f64::from(changes) / count as f64
}
