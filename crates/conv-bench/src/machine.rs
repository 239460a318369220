//! The machine and the command of a measurement.

use std::{fs, process::Command, thread};

use crate::neighbours;

/// Of the workspace that this was built in.
const LOCK: &str = include_str!("../../../Cargo.lock");
const PEERS: [&str; 9] = [
    "sled",
    "redb",
    "rusqlite",
    "libsqlite3-sys",
    "dashmap",
    "imbl",
    "eyeball-im-util",
    "ruma-common",
    "reqwest",
];

/// The machine and the versions, and the command line.
pub fn describe() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|kb| {
        kb.trim_end_matches(" kB").parse::<u64>().ok().map(|kb| format!(", {} GiB", kb >> 20))
    });
    let system = read("/proc/sys/kernel/osrelease")
        .map_or_else(|| std::env::consts::OS.into(), |release| format!("Linux {release}"));
    let load = read("/proc/loadavg").and_then(|load| Some(load.split(' ').next()?.to_owned()));
    let versions: Vec<_> =
        PEERS.iter().filter_map(|name| Some(format!("{name} {}", version(name)?))).collect();
    format!(
        "`{}`\n\n{cpu}, {cores} cores{}; {system}; {}; load at the end {}; waited {} s \
         for neighbours on the same core; {}.\n",
        command(),
        memory.unwrap_or_default(),
        rustc(),
        load.unwrap_or_else(|| "unknown".into()),
        neighbours::waited().as_secs(),
        versions.join(", "),
    )
}

/// Returns the machine and how busy it has been.
pub fn load() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = load.split(' ').take(3).collect();
    format!("{cores} cores; load averages {}\n", averages.join(", "))
}

/// Bytes that could be had; `None` if the system does not report it.
pub fn free_memory() -> Option<usize> {
    let kilobytes = field("/proc/meminfo", "MemAvailable")?;
    Some(kilobytes.trim_end_matches(" kB").parse::<usize>().ok()? << 10)
}

/// Bytes of this process that are in memory; `None` if the system does not report it.
pub fn resident_memory() -> Option<usize> {
    let kilobytes = field("/proc/self/status", "VmRSS")?;
    Some(kilobytes.trim_end_matches(" kB").parse::<usize>().ok()? << 10)
}

/// Returns the command line of this run.
pub fn command() -> String {
    let mut words: Vec<_> = std::env::args().skip(1).collect();
    words.insert(0, "cargo run --release -p conv-bench --".into());
    words.join(" ")
}

pub fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "an unknown rustc".into())
}

fn version(name: &str) -> Option<&'static str> {
    let (_, rest) = LOCK.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = read(path)?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_has_its_version() {
        assert!(PEERS.iter().all(|name| version(name).is_some()));
    }
}
