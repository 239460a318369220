//! Calls of clients without a line.

use std::time::Duration;

use crate::{
    figure::percentile,
    gateway::{
        Sizes, calls,
        cloud::account,
        figure::{Figure, Goal, Unit},
        http,
        stage::{Binaries, Stage},
    },
};

/// Lists of 50 from memory, on 64 connections.
pub fn list(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    const ACCOUNTS: usize = 20;
    let mut stage = Stage::new(&binaries.plain, ACCOUNTS);
    let tokens: Vec<String> = (1..=ACCOUNTS).map(|it| stage.cloud.token(&account(it))).collect();
    let path = "/v1/conversations/list";
    let mut figures = Vec::new();
    for (what, accepts, goal) in [
        ("list of 50", "", Goal::AtLeast(15_000.0)),
        ("the same, gzip", "Accept-Encoding: gzip\r\n", Goal::None),
    ] {
        let request = |number: usize| {
            http::post(path, Some(&tokens[number % ACCOUNTS]), accepts, r#"{"limit":50}"#)
        };
        // The first call of each list pulls it.
        calls::ask(stage.server.addresses[0], 8, Duration::from_millis(300), &request);
        let before = stage.server.settled(0);
        let answered = calls::ask(stage.server.addresses[0], 64, sizes.time, &request);
        let after = stage.server.stats();
        figures.extend(answered_figures(what, goal, &answered, after.cpu - before.cpu));
        figures.push(Figure::new(
            "its bytes",
            Goal::None,
            answered.bytes as f64 / answered.millis.len() as f64,
            Unit::Bytes,
        ));
    }
    stage.stop();
    figures
}

fn answered_figures(what: &str, goal: Goal, answered: &calls::Answered, cpu: f64) -> Vec<Figure> {
    let count = answered.millis.len() as f64;
    vec![
        Figure::new(
            format!("{what}, 64 connections, per second of one core"),
            goal,
            count / cpu * 1e6,
            Unit::PerSecond,
        ),
        Figure::new(
            "by the clock, beside the load client",
            Goal::None,
            count / answered.seconds,
            Unit::PerSecond,
        ),
        Figure::new("p99", Goal::None, percentile(&answered.millis, 0.99), Unit::Millis),
    ]
}

/// Logins with a UserSig.
pub fn login(binaries: &Binaries, sizes: &Sizes) -> Vec<Figure> {
    const USERS: usize = 500;
    let mut stage = Stage::cold(&binaries.plain, 1, false);
    let bodies: Vec<String> = (1..=USERS)
        .map(|number| {
            let user = account(number);
            format!(r#"{{"userID":"{user}","userSig":"{}"}}"#, stage.cloud.user_sig(&user))
        })
        .collect();
    let before = stage.server.stats();
    let request = |number: usize| http::post("/v1/login", None, "", &bodies[number % USERS]);
    let answered = calls::ask(stage.server.addresses[0], 64, sizes.time, &request);
    let cpu = stage.server.stats().cpu - before.cpu;
    stage.stop();
    answered_figures("logins", Goal::AtLeast(5_000.0), &answered, cpu)
}
