//! Servers for tests, on loopback. **No stable API.**
//!
//! They need the program `redis-server`; without it, that is printed once on standard error, and
//! tests pass. They end with the process that started them, however it ends.

mod cluster;
mod node;

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
    sync::Once,
};

pub use self::{
    cluster::TestCluster,
    node::{NodeOptions, TestNode},
};

/// The reason that a server did not start.
pub type TestError = Box<dyn std::error::Error + Send + Sync>;

/// Returns true if there are servers to test with.
pub fn is_there() -> bool {
    static SAID: Once = Once::new();
    let version = Command::new(program()).arg("--version").stdout(Stdio::null()).status();
    let is_there = version.is_ok_and(|status| status.success());
    if !is_there {
        // Not by a macro, whose output the test runner captures.
        SAID.call_once(|| drop(writeln!(std::io::stderr(), "skipped: no redis-server")));
    }
    is_there
}

/// The program; `CONV_REDIS_SERVER` names another, such as `valkey-server`.
fn program() -> String {
    env::var("CONV_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}
