//! Bodies that no working cloud sends.

use std::{
    io::Write,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use futures_core::Stream;

const OPENING: &str =
    r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","SessionItem":[],"Padding":""#;
const CLOSING: &str = r#""}"#;
const CHUNK: usize = 64 * 1024;

pub(super) fn json_typed(bytes: Vec<u8>) -> Response {
    response(&[], Body::from(bytes))
}

/// A body that ends before the length in its header.
pub(super) fn truncated(mut bytes: Vec<u8>) -> Response {
    let promised = bytes.len().to_string();
    bytes.truncate(bytes.len() / 2);
    let body = Body::from_stream(Broken { half: Some(Bytes::from(bytes)), failed: false });
    response(&[(header::CONTENT_LENGTH, &promised)], body)
}

pub(super) fn oversized(bytes: usize) -> Response {
    let mut text = String::with_capacity(bytes + OPENING.len() + CLOSING.len());
    text.push_str(OPENING);
    text.extend(std::iter::repeat_n('x', bytes));
    text.push_str(CLOSING);
    json_typed(text.into_bytes())
}

pub(super) fn gzip_bomb(bytes: usize) -> Response {
    let packed = pack(bytes).unwrap_or_default();
    response(&[(header::CONTENT_ENCODING, "gzip")], Body::from(packed))
}

fn pack(bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(OPENING.as_bytes())?;
    let chunk = [b'x'; CHUNK];
    let mut left = bytes;
    while left > 0 {
        let part = chunk.get(..left.min(CHUNK)).unwrap_or_default();
        gzip.write_all(part)?;
        left -= part.len();
    }
    gzip.write_all(CLOSING.as_bytes())?;
    gzip.finish()
}

/// Adds a field of nested arrays to the text, since a value of this depth could not be serialised.
pub(super) fn nest(text: &mut String, depth: usize) {
    if text.pop() == Some('}') {
        text.push_str(r#","Deep":"#);
        text.extend(std::iter::repeat_n('[', depth));
        text.extend(std::iter::repeat_n(']', depth));
        text.push('}');
    }
}

fn response(headers: &[(header::HeaderName, &str)], body: Body) -> Response {
    let mut builder = Response::builder().header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        builder = builder.header(name, *value);
    }
    builder.body(body).unwrap_or_default()
}

/// Half a body and then an error, at which the server can only close the connection.
struct Broken {
    half: Option<Bytes>,
    failed: bool,
}

impl Stream for Broken {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(half)));
        }
        if !self.failed {
            // Yields once, so that the first half is sent before the connection closes.
            self.failed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}
