//! The HTTP clients of a source.

use std::{sync::OnceLock, time::Duration};

use reqwest::Client;

use crate::{
    SourceError,
    http::{self, ClientSettings},
};

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

fn client(timeouts: Timeouts, idle: usize) -> Result<Client, SourceError> {
    let Timeouts { connect, read } = timeouts;
    let user_agent = concat!("conv-sync/", env!("CARGO_PKG_VERSION"));
    http::client(ClientSettings { user_agent, connect, read, idle })
}
