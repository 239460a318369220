use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use super::request::Requests;

/// A socket that fails when a request's head, or a write, takes too long.
///
/// hyper has one limit for a connection that waits and for a head that trickles in; here the head's
/// own limit begins with its first byte. It has none for a client that stops reading.
#[derive(Debug)]
pub(super) struct GuardedStream {
    stream: TcpStream,
    requests: Requests,
    /// The requests begun when bytes were last read, which belong to a head that is newer.
    heads_read: usize,
    head: Deadline,
    write: Deadline,
}

impl GuardedStream {
    pub(super) fn new(
        stream: TcpStream,
        requests: Requests,
        head_timeout: Duration,
        write_timeout: Duration,
    ) -> Self {
        let [head, write] = [head_timeout, write_timeout].map(Deadline::new);
        Self { stream, requests, heads_read: 0, head, write }
    }

    /// Passes on the result of a write, and fails once writes have been pending for too long.
    fn written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write.disarm();
            return written;
        }
        self.write.arm();
        self.write.poll_passed(context, "the client takes no bytes")
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let begun = this.requests.begun();
        if begun > this.heads_read || this.requests.is_in_one() {
            this.heads_read = begun;
            this.head.disarm();
        }
        if !this.requests.is_in_one() && buffer.filled().len() > before {
            this.head.arm();
        }
        if read.is_ready() {
            return read;
        }
        this.head.poll_passed(context, "the request's head takes too long")
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A time limit that runs only while it is armed. Its timer is made when it is first needed, for an
/// idle connection should cost little.
#[derive(Debug)]
struct Deadline {
    limit: Duration,
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn new(limit: Duration) -> Self {
        Self { limit, at: None, timer: None }
    }

    /// Starts it, unless it runs.
    fn arm(&mut self) {
        self.at.get_or_insert_with(|| Instant::now() + self.limit);
    }

    fn disarm(&mut self) {
        self.at = None;
        self.timer = None;
    }

    /// Fails once the limit has passed.
    fn poll_passed<T>(
        &mut self,
        context: &mut Context<'_>,
        what: &'static str,
    ) -> Poll<io::Result<T>> {
        let Some(at) = self.at else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)))
    }
}
