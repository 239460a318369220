//! The HTTP clients of a source.

use std::{sync::OnceLock, time::Duration};

use reqwest::{Client, redirect, retry};

use crate::SourceError;

/// A client that keeps connections, and one that does not, for calls that a kept connection lost.
///
/// A server may close an idle connection just as the next call goes out on it. `hyper` repeats such
/// a call only if none of it was written, and `reqwest`'s own retries may take another idle
/// connection that the same server has closed as well. So the retry has its own client, which
/// always connects.
#[derive(Debug)]
pub(super) struct Clients {
    /// An error if the client could not be built; every call then fails with it.
    kept: Result<Client, SourceError>,
    /// Built on first use: its TLS roots take time and memory.
    fresh: OnceLock<Result<Client, SourceError>>,
    timeouts: Option<Timeouts>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) read: Duration,
}

/// The connections that a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    Any,
    Fresh,
}

impl Clients {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        let kept = client(timeouts, usize::MAX);
        Self { kept, fresh: OnceLock::new(), timeouts: Some(timeouts) }
    }

    /// Uses the embedder's client for both. Its handling of connections is up to the embedder.
    pub(super) fn of(client: Client) -> Self {
        Self { kept: Ok(client), fresh: OnceLock::new(), timeouts: None }
    }

    pub(super) fn get(&self, connection: Connection) -> Result<&Client, SourceError> {
        let client = match (connection, self.timeouts) {
            (Connection::Fresh, Some(timeouts)) => self.fresh.get_or_init(|| client(timeouts, 0)),
            _ => &self.kept,
        };
        client.as_ref().map_err(SourceError::clone)
    }
}

/// Builds a client that follows no redirects, uses no proxy and decompresses nothing, whatever
/// features of reqwest other crates have enabled.
fn client(timeouts: Timeouts, kept: usize) -> Result<Client, SourceError> {
    Client::builder()
        .user_agent(concat!("conv-sync/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .pool_max_idle_per_host(kept)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()
        .map_err(|_| SourceError::network("HTTP client cannot be built"))
}
