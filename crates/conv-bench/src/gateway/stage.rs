//! A cloud, a gateway in front of it, and lines to it.

use std::{path::PathBuf, process::Command};

use super::{
    ask::{Ask, Serve, Stats},
    child::Server,
    cloud::{Cloud, account},
    http,
    lines::Lines,
};

/// Lines that one user may have to one list.
const PER_USER: usize = 10;
/// The users of the desk are accounts too, in the cloud's eyes.
const OWNER: usize = 1;

pub struct Stage {
    pub cloud: Cloud,
    pub server: Server,
    pub lines: Lines,
    own: usize,
    readers: usize,
}

/// The binaries of the server.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// As it is in production.
    pub plain: PathBuf,
    /// Counts its heap, which makes it slower.
    pub counting: PathBuf,
}

impl Binaries {
    /// Cargo builds the one that counts, if it is needed.
    pub fn built(is_needed: bool) -> Self {
        let plain = std::env::current_exe().unwrap();
        let counting = plain.with_file_name("conv-bench-heap");
        if !is_needed {
            return Self { plain, counting };
        }
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--quiet", "--package", "conv-bench", "--bin", "conv-bench-heap"]);
        cargo.args((!cfg!(debug_assertions)).then_some("--release"));
        assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        Self { plain, counting }
    }
}

impl Stage {
    /// With the lists of so many accounts in memory.
    pub fn new(binary: &std::path::Path, accounts: usize) -> Self {
        let mut stage = Self::cold(binary, accounts, false);
        stage.server.ask(&Ask::Warm { from: 0, count: accounts });
        stage
    }

    /// With none of these lists read, and a store in memory or on disk.
    pub fn cold(binary: &std::path::Path, accounts: usize, on_disk: bool) -> Self {
        let cloud = Cloud::start(accounts);
        let server = Server::start(binary, &cloud.gateway(on_disk));
        let lines = Lines::new(&server.addresses);
        Self { cloud, server, lines, own: 0, readers: 0 }
    }

    /// Opens so many more lines, each of another account to its own list.
    pub fn open_own(&mut self, count: usize) -> Stats {
        for _ in 0..count {
            self.own += 1;
            let number = self.own;
            let token = self.cloud.token(&account(number));
            self.lines.add(move |from| stream("/v1", &token, from));
        }
        self.opened()
    }

    /// Opens so many more lines to one list, of users who may read it.
    pub fn open_readers(&mut self, count: usize) -> Stats {
        let path = format!("/v1/accounts/{}", account(OWNER));
        for _ in 0..count {
            let token = self.cloud.token(&format!("desk_{:04}", self.readers / PER_USER));
            self.readers += 1;
            let path = path.clone();
            self.lines.add(move |from| stream(&path, &token, from));
        }
        self.opened()
    }

    /// Waits until all lines are open and what they caused is done.
    pub fn opened(&mut self) -> Stats {
        self.lines.open_all();
        self.server.settled(self.lines.count())
    }

    /// Ends it all.
    pub fn stop(self) {
        drop(self.lines);
        drop(self.server);
        self.cloud.stop();
    }
}

/// Streams with nothing behind them.
pub struct BareStage {
    pub server: Server,
    pub lines: Lines,
}

impl BareStage {
    pub fn new(binary: &std::path::Path, count: usize) -> Self {
        let server = Server::start(binary, &Serve::Bare);
        let lines = Lines::new(&server.addresses);
        let mut stage = Self { server, lines };
        stage.open(count);
        stage
    }

    /// Opens so many more lines.
    pub fn open(&mut self, count: usize) {
        let ask = |from: Option<&str>| stream("/v1", "a token that is not read", from);
        (0..count).for_each(|_| self.lines.add(ask));
        self.lines.open_all();
    }

    /// Sends an event of this size to each of so many lines.
    pub fn send(&mut self, count: usize, bytes: usize) {
        self.server.tell(&Ask::Send { from: 0, count, bytes });
        self.lines.read_updates(count as u64, &mut |_| {});
        self.server.answer();
    }
}

/// The request of a stream on the first fifty rows.
fn stream(path: &str, token: &str, from: Option<&str>) -> Vec<u8> {
    let from = from.map(|from| format!(r#","from":"{from}""#)).unwrap_or_default();
    let body = format!(r#"{{"queries":{{"main":{{"window":50{from}}}}}}}"#);
    http::post(&format!("{path}/conversations/stream"), Some(token), "", &body)
}
