//! A cloud on loopback that answers in bytes written down beforehand.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use conv_sync::{RestSource, RestSourceBuilder, UserSigSigner};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::rest_wire::EMPTY;

pub const APP: u32 = 1_400_000_000;
pub const ADMIN: &str = "admin name+/=~";
pub const KEY: &str = "canary-key-5bd2850fff3ecb11d7c805251c51ee46";
/// The time of every answer made with [`json`].
pub const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
pub const DATE_SECS: u64 = 1_700_000_000;

pub enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, then nothing, for ever.
    Stall(Vec<u8>),
    /// A broken connection, after these bytes.
    Reset(Vec<u8>),
    /// These bytes, then spaces without end.
    Endless(Vec<u8>),
    /// HTTP 200 whose body quotes the request's query.
    EchoQuery,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn query(&self, name: &str) -> &str {
        let (_, query) = self.target().split_once('?').unwrap();
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).unwrap().1
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Cloud {
    pub base: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Cloud {
    /// Gives these answers, one a connection, then no more.
    pub async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::default();
        let answers = answers.into_iter().collect();
        let task = tokio::spawn(serve(listener, answers, Arc::clone(&requests)));
        Self { base, requests, task }
    }

    /// Gives each of these bodies with status 200.
    pub async fn of_json<T: AsRef<str>>(bodies: impl IntoIterator<Item = T>) -> Self {
        Self::new(bodies.into_iter().map(|body| json(body.as_ref()))).await
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn builder(&self) -> RestSourceBuilder {
        let signer = UserSigSigner::new(ADMIN, KEY);
        RestSource::builder(self.base.parse::<conv_sync::BaseUrl>().unwrap(), APP, signer)
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(5))
    }

    pub fn source(&self) -> RestSource {
        self.builder().build()
    }
}

/// The way a server closes a connection.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// In order.
    Finish,
    /// At once, with unsent bytes thrown away.
    Reset,
}

/// A server that answers one request of each connection, as if it kept the connection, and closes
/// it at the second.
pub struct OneEach {
    base: String,
    refused: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl OneEach {
    /// Answers on this many connections, and closes the others at their first request.
    pub async fn new(end: End, answered: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(one(stream, end, connection < answered, Arc::clone(&count)));
            }
        });
        Self { base, refused, task }
    }

    /// The number of requests it has read and not answered.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    pub fn source(&self) -> RestSource {
        let signer = UserSigSigner::new(ADMIN, KEY);
        RestSource::new(self.base.parse::<conv_sync::BaseUrl>().unwrap(), APP, signer)
    }
}

impl Drop for OneEach {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn one(mut stream: TcpStream, end: End, is_answered: bool, refused: Arc<AtomicUsize>) {
    if is_answered {
        read(&mut stream).await;
        let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
        let bytes = String::from_utf8(bytes).unwrap().replace("Connection: close\r\n", "");
        stream.write_all(bytes.as_bytes()).await.unwrap();
    }
    // A connection that is not used again stays open.
    if stream.readable().await.is_err() || stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
        return;
    }
    read(&mut stream).await;
    refused.fetch_add(1, Ordering::Relaxed);
    if matches!(end, End::Reset) {
        stream.set_zero_linger().unwrap();
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn json(body: &str) -> Answer {
    http("200 OK", "Content-Type: application/json\r\n", body.as_bytes())
}

pub fn http(status: &str, headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nDate: {DATE}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

async fn serve(
    listener: TcpListener,
    mut answers: VecDeque<Answer>,
    requests: Arc<Mutex<Vec<Request>>>,
) {
    while let Some(answer) = answers.pop_front() {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        requests.lock().unwrap().push(request.clone());
        tokio::spawn(give(stream, answer, request));
    }
}

async fn give(mut stream: TcpStream, answer: Answer, request: Request) {
    match answer {
        Answer::Bytes(bytes) => stream.write_all(&bytes).await.unwrap(),
        Answer::Stall(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            std::future::pending().await
        }
        Answer::Reset(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            // Closed at once, with unsent bytes thrown away: the peer gets a reset.
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.set_zero_linger().unwrap();
        }
        Answer::Endless(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            while stream.write_all(&[b' '; 65_536]).await.is_ok() {}
        }
        Answer::EchoQuery => {
            let (_, query) = request.target().split_once('?').unwrap();
            let body = format!(
                r#"{{"ActionStatus":"FAIL","ErrorCode":70003,"ErrorInfo":"cannot verify {query}"}}"#
            );
            let Answer::Bytes(bytes) = json(&body) else { unreachable!() };
            stream.write_all(&bytes).await.unwrap();
        }
    }
}

async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Request { head: head.to_owned(), body: body.to_owned() };
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "request ended early");
    }
}
