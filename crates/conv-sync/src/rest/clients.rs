//! The HTTP clients of a source.

use std::{sync::OnceLock, time::Duration};

use reqwest::{Client, redirect, retry};

use crate::SourceError;

/// A client that keeps connections, and one that does not, for what a kept connection failed.
///
/// A server may close a connection that it kept just as the next call goes out on it. `hyper`
/// sends such a call again only if none of it was written, and `reqwest`'s own retries take any
/// kept connection, which may be as dead as the first one: all were kept by the same server. So
/// the second try has a client of its own, which always connects.
#[derive(Debug)]
pub(super) struct Clients {
    /// A client that could not be built makes every call fail.
    kept: Result<Client, SourceError>,
    /// Built when it is first needed: its TLS roots take time and memory.
    fresh: OnceLock<Result<Client, SourceError>>,
    timeouts: Option<Timeouts>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) read: Duration,
}

/// Which connections a call may take.
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

    /// The embedder's client, for both: what it does with connections is its own affair.
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

/// A client that goes where it is sent and nowhere else, and inflates nothing, whatever features
/// others have switched on.
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
