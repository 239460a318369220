//! Load on a gateway: thousands of lines, calls and webhooks against the router as it is hosted.
//!
//! The server is a process of its own, whose processor time and memory count; this process is the load
//! and the emulated cloud.

mod ask;
mod bare;
mod calls;
mod child;
mod cloud;
mod figure;
mod files;
pub mod gates;
mod hooks;
mod http;
mod lines;
mod server;
mod stage;
mod works;

use std::{fs, time::Duration};

pub use self::{server::serve, stage::Binaries};
use crate::{machine, report};

/// The amount of load.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub lines: usize,
    /// Of one list.
    pub readers: usize,
    /// Webhooks per second.
    pub hooks: f64,
    /// The time of each measurement.
    pub time: Duration,
}

impl Sizes {
    const QUICK: Self =
        Self { lines: 100, readers: 100, hooks: 20.0, time: Duration::from_secs(1) };
    const USUAL: Self =
        Self { lines: 2_000, readers: 1_000, hooks: 100.0, time: Duration::from_secs(10) };
    const FULL: Self =
        Self { lines: 10_000, readers: 1_000, hooks: 500.0, time: Duration::from_secs(20) };

    fn of(how: &How) -> Self {
        let sizes = match (how.quick, how.full) {
            (true, _) => Self::QUICK,
            (false, true) => Self::FULL,
            (false, false) => Self::USUAL,
        };
        Self { lines: how.lines.unwrap_or(sizes.lines), ..sizes }
    }
}

/// The command line of a measurement.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    /// Only works whose name has one of these in it: idle, online, lines, readers, webhooks, list, login
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// 10,000 lines and 500 webhooks per second, instead of 2,000 and 100
    #[arg(long)]
    full: bool,
    /// The number of lines, each of an account of its own
    #[arg(long, value_name = "COUNT")]
    lines: Option<usize>,
    /// Checks that it runs, not how fast
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/performance.md
    #[arg(long)]
    write: bool,
}

/// Measures, and prints a table for each work.
pub fn measure(how: &How) {
    let files = files::raise();
    let mut sizes = Sizes::of(how);
    let most = files::most_lines();
    if sizes.lines.max(sizes.readers * 2) > most {
        println!("the limit of {files} open files leaves room for {most} lines");
        sizes.lines = sizes.lines.min(most);
        sizes.readers = sizes.readers.min(most / 2);
    }
    let is_asked = |name: &str| {
        how.only.is_empty() || how.only.iter().any(|part| name.contains(part.as_str()))
    };
    let asked: Vec<_> = works::ALL.iter().filter(|work| is_asked(work.name)).collect();
    let binaries = Binaries::built(asked.iter().any(|work| work.counts));
    for work in asked {
        let table = figure::table(&(work.run)(&binaries, &sizes));
        println!("{}\n\n{table}", work.name);
        if how.write {
            let text = format!("{table}\n`{}`\n\n{}", command(work.name, how), machine::load());
            report::write_one(&format!("gateway-{}", work.name), &text).unwrap();
        }
    }
    println!("{}", machine::load());
}

/// The command that measures one work as this run did.
fn command(work: &str, how: &How) -> String {
    let full = if how.full { " --full" } else { "" };
    let lines = how.lines.map(|lines| format!(" --lines {lines}")).unwrap_or_default();
    format!("cargo run --release -p conv-bench -- gateway --only {work}{full}{lines}")
}

/// Returns the kernel's numbers of sockets, those of both ends.
fn sockets() -> String {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:"));
    line.unwrap_or("the kernel does not say what sockets take").to_owned()
}
