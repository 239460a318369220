//! Thousands of streams on one thread: a slab of sockets that are read when they have something.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::http::{Answer, find};

/// Streams that are opened at once: a listener keeps so many at least.
const AT_ONCE: usize = 100;
/// The longest time without the awaited.
const PATIENCE: Duration = Duration::from_secs(60);

/// The streams of many clients.
pub struct Lines {
    poll: Poll,
    events: Events,
    addresses: Vec<SocketAddr>,
    lines: Vec<Line>,
    waiting: VecDeque<usize>,
    opening: usize,
    scratch: Vec<u8>,
    /// Bytes read from sockets, heads and chunks included.
    pub bytes: u64,
    pub updates: u64,
    /// Streams that a server ended.
    pub ended: usize,
}

/// Makes the request of a client, from the position that it has.
type Request = Box<dyn Fn(Option<&str>) -> Vec<u8>>;

struct Line {
    request: Request,
    stream: Option<TcpStream>,
    /// The request was sent.
    is_begun: bool,
    is_opening: bool,
    read: Reader,
}

/// The events that a client has read.
#[derive(Debug, Default)]
struct Reader {
    answer: Answer,
    /// The part that came of an event that is not whole.
    rest: Vec<u8>,
    position: Option<String>,
    /// Has had an update since it was opened.
    has_rows: bool,
}

/// The content of a stream.
#[derive(Debug)]
pub struct Event<'a> {
    pub line: usize,
    pub name: &'a str,
    pub data: &'a str,
    pub at: Instant,
}

impl Event<'_> {
    pub fn is_update(&self) -> bool {
        matches!(self.name, "patch" | "sync" | "reset")
    }
}

impl Lines {
    pub fn new(addresses: &[SocketAddr]) -> Self {
        Self {
            poll: Poll::new().unwrap(),
            events: Events::with_capacity(1024),
            addresses: addresses.to_vec(),
            lines: Vec::new(),
            waiting: VecDeque::new(),
            opening: 0,
            scratch: vec![0; 256 * 1024],
            bytes: 0,
            updates: 0,
            ended: 0,
        }
    }

    /// Adds a client that asks so, from the position that it has.
    pub fn add(&mut self, request: impl Fn(Option<&str>) -> Vec<u8> + 'static) {
        self.waiting.push_back(self.lines.len());
        self.lines.push(Line {
            request: Box::new(request),
            stream: None,
            is_begun: false,
            is_opening: false,
            read: Reader::default(),
        });
    }

    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// Cuts all connections. Each client comes back with the position that it has.
    pub fn cut(&mut self) {
        self.opening = 0;
        self.waiting = (0..self.lines.len()).collect();
        for line in &mut self.lines {
            line.stream = None;
            (line.is_begun, line.is_opening) = (false, false);
            let position = line.read.position.take();
            line.read = Reader { position, ..Reader::default() };
        }
    }

    /// Returns when all are open and have their first update, which may be an empty one.
    pub fn open_all(&mut self) {
        let begun = Instant::now();
        while self.waiting.len() + self.opening > 0 {
            self.turn(Duration::from_millis(100), &mut |_| {});
            let left = self.waiting.len() + self.opening;
            assert!(begun.elapsed() < PATIENCE * 3, "{left} streams were not opened");
        }
    }

    /// Reads until so many updates more have come.
    pub fn read_updates(&mut self, count: u64, on: &mut dyn FnMut(&Event<'_>)) {
        let (until, begun) = (self.updates + count, Instant::now());
        while self.updates < until {
            self.turn(Duration::from_millis(100), on);
            let missing = until.saturating_sub(self.updates);
            assert!(begun.elapsed() < PATIENCE, "{missing} of {count} updates did not come");
        }
    }

    /// Reads for a while.
    pub fn read_for(&mut self, time: Duration, on: &mut dyn FnMut(&Event<'_>)) {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.turn(left, on);
        }
    }

    /// Reads what is there, or waits for it.
    fn turn(&mut self, time: Duration, on: &mut dyn FnMut(&Event<'_>)) {
        while self.opening < AT_ONCE {
            let Some(number) = self.waiting.pop_front() else { break };
            self.connect(number);
        }
        // Rounded up, or the last millisecond would be spent spinning.
        let time = time.max(Duration::from_millis(1));
        if let Err(error) = self.poll.poll(&mut self.events, Some(time)) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            return;
        }
        let ready: Vec<(usize, bool)> =
            self.events.iter().map(|it| (it.token().0, it.is_writable())).collect();
        for (number, is_writable) in ready {
            self.serve(number, is_writable, on);
        }
    }

    fn connect(&mut self, number: usize) {
        let address = self.addresses[number % self.addresses.len()];
        let mut stream = TcpStream::connect(address).unwrap();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), interest).unwrap();
        let line = &mut self.lines[number];
        line.stream = Some(stream);
        line.is_opening = true;
        self.opening += 1;
    }

    fn serve(&mut self, number: usize, is_writable: bool, on: &mut dyn FnMut(&Event<'_>)) {
        let line = &mut self.lines[number];
        let Some(stream) = &mut line.stream else { return };
        if is_writable && !line.is_begun {
            let request = (line.request)(line.read.position.as_deref());
            match stream.write(&request) {
                Ok(count) => assert_eq!(count, request.len(), "a socket that takes no request"),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a stream could not be opened: {error}"),
            }
            line.is_begun = true;
        }
        loop {
            match stream.read(&mut self.scratch) {
                Ok(0) => {
                    line.stream = None;
                    self.ended += 1;
                    return;
                }
                Ok(count) => {
                    self.bytes += count as u64;
                    self.updates += line.read.take(&self.scratch[..count], number, on);
                    if line.is_opening && line.read.has_rows {
                        line.is_opening = false;
                        self.opening -= 1;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("a stream broke: {error}"),
            }
        }
    }
}

impl Reader {
    /// Takes bytes of an answer; returns how many updates were complete with them.
    fn take(&mut self, bytes: &[u8], number: usize, on: &mut dyn FnMut(&Event<'_>)) -> u64 {
        self.answer.take(bytes, &mut self.rest);
        let is_refused = self.answer.has_head() && !self.answer.is_ok();
        assert!(!is_refused, "{}", self.answer.head());
        self.events(number, on)
    }

    /// Reads whole events; returns how many were updates.
    fn events(&mut self, number: usize, on: &mut dyn FnMut(&Event<'_>)) -> u64 {
        let (mut from, mut updates, at) = (0, 0, Instant::now());
        while let Some(length) = find(&self.rest[from..], b"\n\n") {
            let text = std::str::from_utf8(&self.rest[from..from + length]).unwrap();
            from += length + 2;
            let (mut name, mut data) = ("", "");
            for field in text.lines() {
                match field.split_once(": ") {
                    Some(("event", value)) => name = value,
                    Some(("data", value)) => data = value,
                    Some(("id", value)) => self.position = Some(value.to_owned()),
                    _ => {}
                }
            }
            let event = Event { line: number, name, data, at };
            self.has_rows |= event.is_update();
            updates += u64::from(event.is_update());
            on(&event);
        }
        self.rest.drain(..from);
        // An idle client should not keep what a large event took.
        if self.rest.is_empty() {
            self.rest = Vec::new();
        }
        updates
    }
}
