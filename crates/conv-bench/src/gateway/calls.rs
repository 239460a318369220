//! Clients that ask again and again, each on a connection that it keeps.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::http::Answer;

/// The times of the answers.
#[derive(Debug, Default)]
pub struct Answered {
    /// Milliseconds of each.
    pub millis: Vec<f64>,
    pub seconds: f64,
    /// Bytes of all bodies.
    pub bytes: u64,
}

struct Client {
    stream: TcpStream,
    answer: Answer,
    asked_at: Option<Instant>,
}

/// Asks on so many connections for so long; each waits for its answer before it asks again.
pub fn ask(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    request: &dyn Fn(usize) -> Vec<u8>,
) -> Answered {
    let mut poll = Poll::new().unwrap();
    let mut clients: Vec<Client> =
        (0..connections).map(|number| Client::connect(&poll, address, number)).collect();
    let (mut events, mut scratch) = (Events::with_capacity(256), vec![0; 256 * 1024]);
    let (mut answered, begun, mut asked) = (Answered::default(), Instant::now(), 0);
    let mut next = || {
        asked += 1;
        request(asked)
    };
    while begun.elapsed() < time {
        poll.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
        for event in &events {
            clients[event.token().0].serve(&mut scratch, &mut next, &mut answered);
        }
    }
    answered.seconds = begun.elapsed().as_secs_f64();
    answered
}

impl Client {
    fn connect(poll: &Poll, address: SocketAddr, number: usize) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(number), interest).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, answer: Answer::default(), asked_at: None }
    }

    fn serve(&mut self, scratch: &mut [u8], next: &mut dyn FnMut() -> Vec<u8>, to: &mut Answered) {
        loop {
            if self.asked_at.is_none() {
                let request = next();
                match self.stream.write(&request) {
                    Ok(count) => assert_eq!(count, request.len(), "a socket takes a request"),
                    Err(error) if error.kind() == ErrorKind::NotConnected => return,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    Err(error) => panic!("a call could not be sent: {error}"),
                }
                self.asked_at = Some(Instant::now());
            }
            let mut body = Vec::new();
            match self.stream.read(scratch) {
                Ok(0) => panic!("the server ended a connection: {}", self.answer.head()),
                Ok(count) => {
                    let is_whole = self.answer.take(&scratch[..count], &mut body);
                    to.bytes += body.len() as u64;
                    if is_whole {
                        assert!(self.answer.is_ok(), "{}", self.answer.head());
                        let took = self.asked_at.take().map(|at| at.elapsed());
                        to.millis.extend(took.map(|took| took.as_secs_f64() * 1e3));
                        self.answer = Answer::default();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a call broke: {error}"),
            }
        }
    }
}
