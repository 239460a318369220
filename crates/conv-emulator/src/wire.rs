//! Connections that faults and `stop` can close.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use axum::serve::Listener;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::{
    fault::Closing,
    server::{self, Shared},
};

/// Accepts connections for ever. A task per connection serves it until it is closed.
pub(crate) async fn listen(mut listener: TcpListener, switches: Switches, shared: Arc<Shared>) {
    loop {
        // axum's own `accept` pauses if the process has run out of file descriptors.
        let (stream, _) = Listener::accept(&mut listener).await;
        // Small answers should not wait for more data to send. If the option cannot be set, they
        // are only slower.
        drop(stream.set_nodelay(true));
        let switch = Switch::default();
        switches.add(&switch);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let line = TokioIo::new(Line { stream, switch: switch.clone() });
            let service = service_fn(|request| {
                let (shared, switch) = (Arc::clone(&shared), switch.clone());
                async move {
                    Ok::<_, std::convert::Infallible>(server::serve(shared, switch, request).await)
                }
            });
            // hyper would add its own `Date`, and a cloud without one could not be emulated.
            let http =
                http1::Builder::new().auto_date_header(false).serve_connection(line, service);
            // Errors only mean that the client or a fault closed the connection.
            drop(http.await);
        });
    }
}

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// The handle that closes one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    cut: AtomicU8,
    requests: AtomicU64,
    reader: Mutex<Option<Waker>>,
}

impl Switch {
    /// Counts a request, and returns its number on this connection, from 1 on.
    pub(crate) fn count_request(&self) -> u64 {
        self.0.requests.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Closes the connection: reads and writes end, and the server drops it.
    pub(crate) fn cut(&self, closing: Closing) {
        let cut = match closing {
            Closing::Fin => CLOSED,
            Closing::Rst => RESET,
        };
        self.0.cut.store(cut, Ordering::SeqCst);
        let reader = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn check(&self, stream: &TcpStream) -> io::Result<()> {
        match self.0.cut.load(Ordering::SeqCst) {
            OPEN => return Ok(()),
            // Closing a socket with zero linger sends RST instead of FIN. If the option cannot be
            // set, the peer sees FIN.
            RESET => drop(stream.set_zero_linger()),
            _ => {}
        }
        Err(io::ErrorKind::ConnectionReset.into())
    }

    fn remember(&self, cx: &Context<'_>) {
        let mut reader = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner);
        *reader = Some(cx.waker().clone());
    }
}

/// All open connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches(Arc<Mutex<Vec<Weak<Inner>>>>);

impl Switches {
    pub(crate) fn cut_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for inner in all.into_iter().filter_map(|inner| inner.upgrade()) {
            Switch(inner).cut(Closing::Fin);
        }
    }

    fn add(&self, switch: &Switch) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|inner| inner.strong_count() > 0);
        all.push(Arc::downgrade(&switch.0));
    }
}

/// A connection with its handle.
#[derive(Debug)]
struct Line {
    stream: TcpStream,
    switch: Switch,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Stored before the check, so that a close in between still wakes the reader.
        self.switch.remember(cx);
        self.switch.check(&self.stream)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.switch.check(&self.stream)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.switch.check(&self.stream)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
