//! A server in a process of its own, so that its processor time and memory are its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};

use super::ask::{Ask, Listening, Serve, Stats};

/// A running server; it ends with this.
#[derive(Debug)]
pub struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub addresses: Vec<SocketAddr>,
}

/// The longest time until passes and lines have settled.
const SETTLED: Duration = Duration::from_secs(300);

impl Server {
    /// Starts a binary of this package.
    pub fn start(binary: &Path, serve: &Serve) -> Self {
        let mut command = Command::new(binary);
        command.args(["gateway-server", &serde_json::to_string(serve).unwrap()]);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a server");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, input, output, addresses: Vec::new() };
        let listening: Listening = server.read();
        server.addresses = listening.addresses;
        server
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, ask: &Ask) -> Stats {
        self.tell(ask);
        self.answer()
    }

    /// Asks without waiting.
    pub fn tell(&mut self, ask: &impl Serialize) {
        let mut line = serde_json::to_string(ask).unwrap();
        line.push('\n');
        self.input.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }

    /// Waits for the answer of what was asked.
    pub fn answer(&mut self) -> Stats {
        self.read()
    }

    pub fn stats(&mut self) -> Stats {
        self.ask(&Ask::Stats)
    }

    /// Returns the numbers once no pass runs or waits and so many lines are open.
    pub fn settled(&mut self, lines: usize) -> Stats {
        let begun = Instant::now();
        let mut calls = 0;
        loop {
            let stats = self.stats();
            if stats.passes == 0 && stats.lines_open == lines as u64 && stats.calls == calls {
                return stats;
            }
            assert!(begun.elapsed() < SETTLED, "never settled with {lines} lines: {stats:?}");
            calls = stats.calls;
            // Longer than a mark waits for its pass.
            sleep(Duration::from_millis(400));
        }
    }

    fn read<T: DeserializeOwned>(&mut self) -> T {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the server said {line:?}: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
