//! Reads while a writer on another thread does nothing else.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use conv_api::{All, ConversationQuery, model::Delta};

use super::Work;
use crate::{
    data::{self, Row, touch, which},
    figure::{Value, percentile},
    neighbours,
    ours::Ours,
    settings::Settings,
};

pub const BUSY: Work = Work {
    name: "busy",
    title: "the first 50 rows, beside a writer at full speed",
    baseline: "p10 alone",
    sizes: &[50_000],
    run,
};

fn run(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(count);
    let ours = Ours::in_memory(&rows);
    let all = ConversationQuery::from(All);
    let reads = settings.rounds * 2_000;
    let mut alone = Vec::with_capacity(reads);
    let mut beside = Vec::with_capacity(reads);
    // Turns of each, so that both meet the same noise.
    for _ in 0..10 {
        neighbours::are_quiet(settings.is_patient);
        read(&ours, &all, reads / 10, &mut alone);
        neighbours::are_quiet(settings.is_patient);
        while_writing(&ours, &rows, || read(&ours, &all, reads / 10, &mut beside));
    }
    let value = |micros| Value::Time { wall: micros, cpu: micros };
    vec![
        ("p10 alone", value(percentile(&alone, 0.1))),
        ("p10 beside a writer", value(percentile(&beside, 0.1))),
        ("p99 alone", value(percentile(&alone, 0.99))),
        ("p99 beside a writer", value(percentile(&beside, 0.99))),
    ]
}

fn read(ours: &Ours, query: &ConversationQuery, times: usize, micros: &mut Vec<f64>) {
    for _ in 0..times {
        let begun = Instant::now();
        black_box(ours.screen(query));
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
}

fn while_writing(ours: &Ours, rows: &[Row], act: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                ours.apply(Delta::listed([touch(&rows[which(round, rows.len())], round)]));
            }
        });
        act();
        is_over.store(true, Ordering::Relaxed);
    });
}
