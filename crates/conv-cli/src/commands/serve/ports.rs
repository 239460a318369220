//! The two ports.

use std::net::{SocketAddr, TcpListener};

use super::args::Public;
use crate::{Error, Output};

/// Listeners that are bound.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) public: TcpListener,
    pub(super) private: TcpListener,
    addresses: [SocketAddr; 2],
}

impl Ports {
    pub(super) fn bind(args: &Public) -> Result<Self, Error> {
        let (public, at) = bind(args.listen)?;
        let (private, private_at) = bind(args.private_listen)?;
        Ok(Self { public, private, addresses: [at, private_at] })
    }

    pub(super) fn url(&self) -> String {
        let [public, _] = self.addresses;
        format!("http://{public}")
    }

    pub(super) fn private_url(&self) -> String {
        let [_, private] = self.addresses;
        format!("http://{private}")
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let refused = |error| Error::Listen { address, error };
    let listener = TcpListener::bind(address).map_err(refused)?;
    let at = listener.local_addr().map_err(refused)?;
    Ok((listener, at))
}

/// Warns if the process may not open as many files as it may have connections.
pub(super) fn warn_of_files(connections: usize, output: &Output) {
    let Some(files) = max_open_files() else { return };
    if connections.saturating_mul(10) > files.saturating_mul(9) {
        output.note(&format!(
            "{connections} connections are allowed, and {files} open files: raise the limit of \
             files (LimitNOFILE), or lower --connections"
        ));
    }
}

/// Returns the soft limit; `None` where the system does not say.
fn max_open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
