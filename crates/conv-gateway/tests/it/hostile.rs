//! Hostile clients at a public port.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use conv_gateway::{Drain, Host, HostOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Counts the calls of a path that no request of these tests names in its head.
#[derive(Clone, Default)]
struct Smuggled(Arc<AtomicUsize>);

fn router(smuggled: &Smuggled) -> Router {
    let count = Arc::clone(&smuggled.0);
    let counted = async move || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route("/smuggled", get(counted))
}

fn host(router: Router, options: HostOptions) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let host = Host::new(router).options(options);
    tokio::spawn(async move { host.serve(listener, &Drain::new()).await });
    address
}

/// The status of the first answer; 0 if the connection was closed without one.
async fn first_status(address: SocketAddr, sent: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before all of it is sent.
    let _ = stream.write_all(sent).await;
    let _ = stream.shutdown().await;
    let mut read = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut read)).await.unwrap();
    let read = String::from_utf8_lossy(&read).into_owned();
    let status = read.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_default(), read)
}

/// Heads that say the length of their body in a way that two servers may read differently, each with
/// another request in what may or may not be the body.
const AMBIGUOUS: [(&str, &str); 11] = [
    ("two lengths", "content-length: 0\r\ncontent-length: 36\r\n"),
    ("a list of lengths", "content-length: 0, 36\r\n"),
    ("a sign", "content-length: +0\r\n"),
    ("a hexadecimal length", "content-length: 0x0\r\n"),
    ("a negative length", "content-length: -1\r\n"),
    ("an empty length", "content-length: \r\n"),
    ("a coding that is not known", "transfer-encoding: xchunked\r\n"),
    ("chunked is not last", "transfer-encoding: chunked, gzip\r\n"),
    ("a space before the colon", "transfer-encoding : chunked\r\n"),
    ("a folded line", "transfer-encoding:\r\n chunked\r\n"),
    ("a name with a control character", "content\x01length: 0\r\n"),
];

#[tokio::test]
async fn a_body_of_ambiguous_length_is_refused_with_all_that_follows() {
    let smuggled = Smuggled::default();
    let address = host(router(&smuggled), HostOptions::default());
    for (what, lines) in AMBIGUOUS {
        let sent = format!(
            "POST /length HTTP/1.1\r\nhost: h\r\n{lines}\r\nGET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n"
        );
        let (status, read) = first_status(address, sent.as_bytes()).await;
        assert!(matches!(status, 0 | 400), "{what}: {read}");
        assert_eq!(smuggled.0.load(Ordering::Relaxed), 0, "{what}: {read}");
    }
}

/// As RFC 9112 has it: the length is not regarded, and the connection ends after the answer.
#[tokio::test]
async fn chunks_win_over_a_length_and_nothing_after_them_is_read() {
    let smuggled = Smuggled::default();
    let address = host(router(&smuggled), HostOptions::default());
    let head = "POST /length HTTP/1.1\r\nhost: h\r\n\
        content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n";
    let hidden = "GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n";
    let length = hidden.len();
    let inside = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    for (body, length) in [(inside, length), (format!("0\r\n\r\n{hidden}"), 0)] {
        let (status, read) = first_status(address, format!("{head}{body}").as_bytes()).await;
        assert!(status == 200 && read.ends_with(&format!("\r\n\r\n{length}")), "{read}");
    }
    for chunk in ["-1", "0x1", "g", "1 1", "ffffffffffffffffff"] {
        let sent = format!("{head}{chunk}\r\nx\r\n0\r\n\r\n");
        let (status, read) = first_status(address, sent.as_bytes()).await;
        assert!(matches!(status, 0 | 400), "{chunk}: {read}");
    }
    assert_eq!(smuggled.0.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn three_times_the_maximum_of_connections_leaves_other_ports_and_the_first_ones_alone() {
    let mut options = HostOptions::default();
    options.connections = 8;
    let router = router(&Smuggled::default());
    let public = host(router.clone(), options);
    let private = host(router, HostOptions::default());
    let get = "GET /livez HTTP/1.1\r\nhost: h\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..24 {
        let mut stream = TcpStream::connect(public).await.unwrap();
        stream.write_all(get.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        open.push((stream, String::from_utf8_lossy(&answer).into_owned()));
    }
    let served = open.iter().filter(|(_, answer)| answer == "HTTP/1.1 200").count();
    let refused = open.iter().filter(|(_, answer)| answer == "HTTP/1.1 503").count();
    assert_eq!((served, refused), (8, 16));
    assert_eq!(first_status(private, get.as_bytes()).await.0, 200);
    drop(open);
    // As soon as the server has seen that they are gone.
    while first_status(public, get.as_bytes()).await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
