//! From a webhook to the event at the client.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    figure::percentile,
    gateway::{
        Sizes,
        figure::{Figure, Goal, Unit},
        hooks::{self, Hooks},
        stage::{Binaries, Stage},
    },
};

/// Sends webhooks at a pace; each goes to the event at the client, with a pull of the emulator in between.
pub fn webhooks(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    // Each account has a pause of two seconds at least.
    let accounts = (sizes.hooks * 2.0) as usize;
    let mut stage = Stage::new(&binaries.plain, accounts);
    let before = stage.open_own(accounts);
    let path = stage.cloud.hook(hooks::COMMAND);
    let (world, address) = (stage.cloud.emulator.world(), stage.server.addresses[0]);
    let mut sender = Hooks::new(world, address, path);
    let count = (sizes.hooks * sizes.time.as_secs_f64()) as usize;
    let (per_second, calls) = (sizes.hooks, stage.cloud.calls());
    let sending = thread::spawn(move || sender.pace(accounts, per_second, count));
    let mut came = Vec::with_capacity(count);
    let begun = Instant::now();
    while !sending.is_finished() {
        stage.lines.read_for(Duration::from_millis(100), &mut |event| {
            if event.name == "patch" {
                came.push((event.line, event.at));
            }
        });
    }
    let seconds = begun.elapsed().as_secs_f64();
    stage.lines.read_for(Duration::from_secs(2), &mut |event| {
        if event.name == "patch" {
            came.push((event.line, event.at));
        }
    });
    let sent = sending.join().unwrap();
    let millis = hooks::latencies(&sent, &came);
    let lost = 100.0 * (sent.len() - millis.len()) as f64 / sent.len() as f64;
    let calls = (stage.cloud.calls() - calls) as f64 / sent.len() as f64;
    let cpu = (stage.server.stats().cpu - before.cpu) / sent.len() as f64;
    stage.stop();
    // The goals are for 500 per second: fewer do not show that they are met.
    let goal = |limit| if sizes.hooks < 500.0 { Goal::None } else { Goal::AtMost(limit) };
    let rate = format!("webhook to event, {:.0}/s", sent.len() as f64 / seconds);
    vec![
        Figure::new(format!("{rate}, p50"), goal(8.0), percentile(&millis, 0.5), Unit::Millis),
        Figure::new("the same, p99", goal(50.0), percentile(&millis, 0.99), Unit::Millis),
        Figure::new("without an event", Goal::AtMost(0.0), lost, Unit::Percent),
        Figure::new("calls of the cloud per webhook", Goal::None, calls, Unit::Count),
        Figure::new("processor time of the server per webhook", Goal::None, cpu, Unit::Micros),
    ]
}
