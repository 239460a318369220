//! A port that anyone may reach: connections with limits in time and number, and an orderly end.
//!
//! `axum::serve` sets no timer, so a client that never finishes its request head keeps a connection
//! for ever. This accept loop closes such a connection, one whose reader takes nothing any more, and
//! every connection beyond a maximum.

mod connection;
mod drain;
mod guarded;
mod options;
mod request;

use std::{io, net, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

pub use self::{drain::Drain, options::HostOptions};

/// The pause after the system refused to accept a connection, for example for want of file handles.
const REFUSED_PAUSE: Duration = Duration::from_millis(250);

/// Serves a router on a listener.
///
/// ```
/// use axum::{Router, routing::get};
/// use conv_gateway::{Drain, Host};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let drain = Drain::new();
/// let host = Host::new(Router::new().route("/livez", get(|| async { "ok" })));
/// # drain.close();
/// // Returns once `drain` has closed and the last connection has ended.
/// host.serve(listener, &drain).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Host {
    router: Router,
    options: HostOptions,
}

impl Host {
    /// Serves `router` with the default limits.
    pub fn new(router: Router) -> Self {
        Self { router, options: HostOptions::default() }
    }

    /// Sets the limits.
    #[must_use]
    pub fn options(mut self, options: HostOptions) -> Self {
        self.options = options;
        self
    }

    /// Accepts connections until `drain` closes; returns when the last connection has ended, at the
    /// latest after [`HostOptions::hard_end`].
    ///
    /// # Errors
    /// If the listener cannot be used. A connection that fails ends alone.
    pub async fn serve(self, listener: net::TcpListener, drain: &Drain) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let permits = Arc::new(Semaphore::new(self.options.connections));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = drain.closed() => break,
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok((stream, peer)) => match Arc::clone(&permits).try_acquire_owned() {
                    Ok(permit) => {
                        let connection = connection::Connection {
                            router: self.router.clone(),
                            options: self.options.clone(),
                            drain: drain.clone(),
                            peer,
                        };
                        connections.spawn(async move {
                            connection.serve(stream).await;
                            drop(permit);
                        });
                    }
                    Err(_) => refuse(stream),
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
            }
        }
        drop(listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.options.hard_end, ended).await.is_err() {
            tracing::warn!("connections were cut after the hard end");
        }
        Ok(())
    }
}

/// Answers without reading: the caller may come back, or ask another node. The socket's own buffer
/// takes the whole answer, so nothing is waited for.
fn refuse(stream: TcpStream) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
        Content-Length: 0\r\nConnection: close\r\n\r\n";
    if let Err(error) = stream.try_write(BUSY) {
        tracing::debug!(%error, "a refused connection was gone");
    }
}

/// Returns true for errors that concern the connection which was about to be accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
