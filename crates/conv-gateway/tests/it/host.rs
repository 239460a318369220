//! A port that anyone may reach.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::{get, post},
};
use conv_gateway::{Drain, Host, HostOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
};

struct Hosted {
    address: SocketAddr,
    drain: Drain,
    /// A request for `/never` has come.
    entered: Arc<Notify>,
    serving: JoinHandle<std::io::Result<()>>,
}

fn options() -> HostOptions {
    let mut options = HostOptions::default();
    options.head_timeout = Duration::from_millis(200);
    options.idle_timeout = Duration::from_secs(60);
    options.write_timeout = Duration::from_millis(300);
    // Nothing here may count on it but its own test.
    options.hard_end = Duration::from_secs(3600);
    options
}

fn host(options: HostOptions) -> Hosted {
    let entered = Arc::new(Notify::new());
    let router = Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/endless", get(|| async { Body::new(Endless) }))
        .route(
            "/never",
            get({
                let entered = Arc::clone(&entered);
                async move || {
                    entered.notify_one();
                    std::future::pending::<()>().await
                }
            }),
        );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let drain = Drain::new();
    let host = Host::new(router).options(options);
    let serving = tokio::spawn({
        let drain = drain.clone();
        async move { host.serve(listener, &drain).await }
    });
    Hosted { address, drain, entered, serving }
}

/// A body that always has more.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let frame = http_body::Frame::data(Bytes::from_static(&[b'x'; 4096]));
        std::task::Poll::Ready(Some(Ok(frame)))
    }
}

const GET: &str = "GET /livez HTTP/1.1\r\nhost: h\r\n\r\n";

/// Everything until the server ends the connection.
async fn all(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    match stream.read_to_end(&mut read).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    String::from_utf8(read).unwrap()
}

/// One answer whose body is `ok`.
async fn answer(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\nok") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "{read:?}");
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn requests_are_answered_one_after_another_on_one_connection() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    for _ in 0..3 {
        assert!(answer(&mut stream, GET).await.starts_with("HTTP/1.1 200"));
    }
    stream.write_all(b"GET /peer HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
    let local = stream.local_addr().unwrap().to_string();
    assert!(all(&mut stream).await.ends_with(&local));
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed_although_the_connection_may_be_idle_for_longer() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    // A connection that has served a request already is not an exception.
    answer(&mut stream, GET).await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nx: ").await.unwrap();
    assert_eq!(all(&mut stream).await, "");
}

#[tokio::test]
async fn a_connection_may_wait_for_longer_than_a_head_may_take() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    answer(&mut stream, GET).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    answer(&mut stream, GET).await;
}

#[tokio::test]
async fn a_slow_body_is_not_a_slow_head() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    let head = "POST /length HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 4\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for byte in [b"a", b"b", b"c", b"d"] {
        // Longer in all than a head may take.
        tokio::time::sleep(Duration::from_millis(80)).await;
        stream.write_all(byte).await.unwrap();
    }
    assert!(all(&mut stream).await.ends_with("\r\n\r\n4"));
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_closed() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    stream.read_u8().await.unwrap();
    hosted.drain.close();
    // No more is read, and yet the server ends: it has cut the connection.
    hosted.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_connection_more_than_the_maximum_is_refused_with_a_time_to_come_back() {
    let mut options = options();
    options.connections = 2;
    let hosted = host(options);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(hosted.address).await.unwrap();
        answer(&mut stream, GET).await;
        held.push(stream);
    }
    let mut refused = TcpStream::connect(hosted.address).await.unwrap();
    let answered = all(&mut refused).await;
    assert!(answered.starts_with("HTTP/1.1 503") && answered.contains("Retry-After: 5"));
    // Those that it holds still work.
    answer(&mut held[0], GET).await;
}

#[tokio::test]
async fn closing_ends_idle_connections_and_lets_no_more_in() {
    let hosted = host(options());
    let mut idle = TcpStream::connect(hosted.address).await.unwrap();
    answer(&mut idle, GET).await;
    hosted.drain.begin();
    assert!(hosted.drain.is_draining());
    // Still served while it drains.
    answer(&mut idle, GET).await;
    hosted.drain.close();
    assert_eq!(all(&mut idle).await, "");
    hosted.serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(hosted.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_at_the_hard_end() {
    let mut options = options();
    options.hard_end = Duration::from_millis(100);
    let hosted = host(options);
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    stream.write_all(b"GET /never HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    hosted.entered.notified().await;
    hosted.drain.close();
    hosted.serving.await.unwrap().unwrap();
    assert_eq!(all(&mut stream).await, "");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let hosted = host(options());
    let mut stream = TcpStream::connect(hosted.address).await.unwrap();
    let head = format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(40_000));
    // The server may close before all of it is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let answered = all(&mut stream).await;
    assert!(answered.is_empty() || answered.starts_with("HTTP/1.1 431"), "{answered}");
}
