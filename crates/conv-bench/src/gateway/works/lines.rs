//! Many lines, each of an account of its own.

use std::time::{Duration, Instant};

use crate::{
    gateway::{
        Sizes,
        ask::Ask,
        figure::{Figure, Goal, Unit},
        sockets,
        stage::{BareStage, Binaries, Stage},
    },
    report::grouped,
};

/// Holds many lines: at rest, at full speed, and cut.
pub fn lines(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    let count = sizes.lines;
    let mut stage = Stage::new(&binaries.plain, count);
    let begun = Instant::now();
    stage.open_own(count);
    println!("{count} lines after {:.1} s; {}", begun.elapsed().as_secs_f64(), sockets());
    let mut figures = vec![held(&mut stage, sizes)];
    let (delivered, cpu, bytes) = deliver(&mut stage, sizes);
    figures.extend(delivered);
    figures.extend(herd(&mut stage, count));
    stage.stop();
    let mut bare = BareStage::new(&binaries.plain, count);
    let before = bare.server.stats();
    let (begun, mut sent) = (Instant::now(), 0);
    while begun.elapsed() < sizes.time {
        bare.send(count, bytes);
        sent += count;
    }
    let bare = (bare.server.stats().cpu - before.cpu) / sent as f64;
    let what = "the update / the event";
    figures.push(Figure::new(
        "processor time per event of bare axum SSE",
        Goal::None,
        bare,
        Unit::Micros,
    ));
    figures.push(Figure::new(what, Goal::AtMost(1.3), cpu / bare, Unit::Times));
    figures
}

/// One update per minute and line.
fn held(stage: &mut Stage, sizes: &Sizes) -> Figure {
    let pause = Duration::from_secs_f64(60.0 / sizes.lines as f64);
    let (before, begun) = (stage.server.stats(), Instant::now());
    let mut number = 0;
    while begun.elapsed() < sizes.time {
        stage.server.tell(&Ask::Touch { from: number % sizes.lines, count: 1 });
        number += 1;
        stage.lines.read_for((pause * number as u32).saturating_sub(begun.elapsed()), &mut |_| {});
        stage.server.answer();
    }
    let cpu = (stage.server.stats().cpu - before.cpu) / 1e6 / begun.elapsed().as_secs_f64();
    let what = format!(
        "processor with {} lines, 1 update per minute each; of one core",
        grouped(sizes.lines)
    );
    // Of two cores, a quarter.
    let goal = 50.0 * sizes.lines as f64 / 20_000.0;
    Figure::new(what, Goal::AtMost(goal), cpu * 100.0, Unit::Percent)
}

/// Changes in all accounts, as fast as they are delivered. Returns the processor's time of an update,
/// and its bytes of data, too.
fn deliver(stage: &mut Stage, sizes: &Sizes) -> (Vec<Figure>, f64, usize) {
    let mut data = 0;
    let before = stage.server.stats();
    let (bytes, updates, begun) = (stage.lines.bytes, stage.lines.updates, Instant::now());
    while begun.elapsed() < sizes.time {
        stage.server.tell(&Ask::Touch { from: 0, count: sizes.lines });
        stage.lines.read_updates(sizes.lines as u64, &mut |event| {
            data = if event.name == "patch" { event.data.len() } else { data };
        });
        stage.server.answer();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let after = stage.server.stats();
    let updates = (stage.lines.updates - updates) as f64;
    let cpu = (after.cpu - before.cpu) / updates;
    let bytes = (stage.lines.bytes - bytes) as f64 / updates;
    let figures = vec![
        Figure::new(
            "updates delivered per second of one core, each in another account",
            Goal::AtLeast(20_000.0),
            1e6 / cpu,
            Unit::PerSecond,
        ),
        Figure::new(
            "the same, by the clock, beside the load client",
            Goal::None,
            updates / seconds,
            Unit::PerSecond,
        ),
        Figure::new(
            "bytes on the wire for a change of one row",
            Goal::AtMost(1_536.0),
            bytes,
            Unit::Bytes,
        ),
        Figure::new(
            "processor time per update, with the change of its list",
            Goal::None,
            cpu,
            Unit::Micros,
        ),
    ];
    (figures, cpu, data)
}

/// All lines are cut at once, some lists change, and all come back.
fn herd(stage: &mut Stage, count: usize) -> Vec<Figure> {
    let (calls, before) = (stage.cloud.calls(), stage.server.stats());
    stage.lines.cut();
    stage.server.ask(&Ask::Touch { from: 0, count: count / 10 });
    let begun = Instant::now();
    stage.lines.open_all();
    let seconds = begun.elapsed().as_secs_f64();
    let after = stage.server.settled(count);
    let resets = (after.resumed_reset - before.resumed_reset) as f64 / count as f64;
    let resumed = after.resumed_patch + after.resumed_sync + after.resumed_reset
        - (before.resumed_patch + before.resumed_sync + before.resumed_reset);
    assert_eq!(resumed, count as u64, "lines that came with their position");
    // The goal is for 10,000.
    let goal = if count < 10_000 { Goal::None } else { Goal::AtMost(15.0) };
    vec![
        Figure::new(
            format!("{} lines cut, all resumed", grouped(count)),
            goal,
            seconds,
            Unit::Seconds,
        ),
        Figure::new(
            "calls of the cloud meanwhile",
            Goal::AtMost(0.0),
            (stage.cloud.calls() - calls) as f64,
            Unit::Count,
        ),
        Figure::new(
            "of them answered with all rows",
            Goal::AtMost(1.0),
            resets * 100.0,
            Unit::Percent,
        ),
    ]
}
