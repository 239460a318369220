//! A client of a stream: folds what it receives.

use std::{collections::BTreeMap, time::Duration};

use axum::body::{Body, Bytes};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::stage::contract;

/// Longer than anything that is waited for, most of it in paused time.
const PATIENCE: Duration = Duration::from_secs(5_000);

#[derive(Clone, Debug, Default)]
pub struct Event {
    pub name: String,
    /// As it was sent; empty text if there was a line without a value.
    pub id: Option<String>,
    pub data: Value,
    pub comment: bool,
}

/// The rows of a query as a client holds them.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub rows: Vec<Value>,
    pub position: Option<String>,
    pub conversations: Option<u64>,
    pub sum: Option<u64>,
}

pub struct Client {
    body: Option<Body>,
    buffer: Vec<u8>,
    /// The rest of a piece beyond the bytes that were read.
    rest: Bytes,
    pub held: BTreeMap<String, Held>,
    pub events: Vec<Event>,
    pub pieces: usize,
}

impl Client {
    pub fn new(body: Body) -> Self {
        let (held, events) = (BTreeMap::new(), Vec::new());
        Self { body: Some(body), buffer: Vec::new(), rest: Bytes::new(), held, events, pieces: 0 }
    }

    /// Goes on with other rows than a new client has.
    pub fn holding(self, held: BTreeMap<String, Held>) -> Self {
        Self { held, ..self }
    }

    /// Reads what has arrived, at most so many bytes; returns false once the line has ended.
    pub fn read(&mut self, mut most: usize) -> bool {
        while most > 0 {
            match self.piece().now_or_never() {
                None => return true,
                Some(None) => return false,
                Some(Some(mut piece)) => {
                    let taken = piece.split_to(piece.len().min(most));
                    most -= taken.len();
                    self.rest = piece;
                    self.take(&taken);
                }
            }
        }
        true
    }

    pub fn read_all(&mut self) -> bool {
        self.read(usize::MAX)
    }

    /// Waits for an event, by name.
    pub async fn wait_for(&mut self, name: &str) -> Event {
        let (mut seen, begun) = (0, Instant::now());
        loop {
            let event = self.events.iter().skip(seen).find(|event| event.name == name);
            if let Some(event) = event.cloned() {
                let at = self.events.iter().position(|it| it.name == name).unwrap();
                self.events.drain(..=at);
                return event;
            }
            seen = self.events.len();
            // Heartbeats are no answer.
            assert!(begun.elapsed() < PATIENCE, "{name} does not come");
            let piece = tokio::time::timeout(PATIENCE, self.piece()).await;
            let piece = piece.unwrap_or_else(|_| panic!("silence instead of {name}"));
            let piece = piece.unwrap_or_else(|| panic!("end instead of {name}"));
            self.take(&piece);
        }
    }

    /// Takes one piece; `None` at the end.
    pub async fn piece(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        let frame = self.body.as_mut()?.frame().await?;
        self.pieces += 1;
        Some(frame.unwrap().into_data().unwrap())
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
        while let Some(end) = self.buffer.windows(2).position(|it| it == b"\n\n") {
            let text: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let text = std::str::from_utf8(&text).unwrap();
            contract().event(text);
            let event = parse(text);
            self.fold(&event);
            self.events.push(event);
        }
    }

    fn fold(&mut self, event: &Event) {
        if matches!(&*event.name, "reset" | "patch" | "sync") {
            let key = event.data["key"].as_str().unwrap();
            self.held.entry(key.to_owned()).or_default().fold(&event.data);
        }
    }

    /// Returns the queries with the positions from which a client resumes.
    pub fn queries(&self, queries: &Value) -> Value {
        let mut queries = queries.clone();
        for (key, held) in &self.held {
            if let Some(position) = &held.position {
                queries[key]["from"] =
                    json!({ "position": position, "conversations": held.conversations });
            }
        }
        queries
    }
}

impl Held {
    pub fn fold(&mut self, data: &Value) {
        let rows = |name: &str| data[name].as_array().unwrap().clone();
        match data["type"].as_str().unwrap() {
            "reset" => self.rows = rows("rows"),
            "patch" => rows("patches").iter().for_each(|patch| self.step(patch)),
            "sync" => {
                let mut known: BTreeMap<String, Value> = BTreeMap::new();
                for row in self.rows.iter().cloned().chain(rows("rows")) {
                    known.insert(row_id(&row).to_owned(), row);
                }
                let row = |id: &Value| known[id.as_str().unwrap()].clone();
                self.rows = rows("order").iter().map(row).collect();
            }
            other => panic!("{other}"),
        }
        self.position = data["position"].as_str().map(str::to_owned);
        self.conversations = data["totals"]["conversations"].as_u64();
        self.sum = data["sum"].as_u64();
        if let Some(sum) = self.sum {
            assert_eq!(sum, self.own_sum(), "{data}");
        }
    }

    fn step(&mut self, patch: &Value) {
        let at = |name: &str| usize::try_from(patch[name].as_u64().unwrap()).unwrap();
        match patch["type"].as_str().unwrap() {
            "insert" => self.rows.insert(at("index"), patch["row"].clone()),
            "move" => {
                let row = self.rows.remove(at("from"));
                assert_eq!(row_id(&row), row_id(&patch["row"]));
                self.rows.insert(at("to"), patch["row"].clone());
            }
            "update" => {
                assert_eq!(row_id(&self.rows[at("index")]), row_id(&patch["row"]));
                self.rows[at("index")] = patch["row"].clone();
            }
            "remove" => {
                let row = self.rows.remove(at("index"));
                assert_eq!(row_id(&row), patch["conversationID"]);
            }
            other => panic!("{other}"),
        }
    }

    fn own_sum(&self) -> u64 {
        let ids: String = self.rows.iter().map(|row| format!("{}\n", row_id(row))).collect();
        u64::from(crc(ids.as_bytes()))
    }
}

/// CRC-32 as it is defined, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 }
        })
    })
}

pub fn row_id(row: &Value) -> &str {
    row["conversationID"].as_str().unwrap()
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        match line.split_once(':').unwrap_or((line, "")) {
            ("", _) if line.starts_with(':') => event.comment = true,
            ("event", name) => event.name = name.trim().to_owned(),
            ("id", id) => event.id = Some(id.trim().to_owned()),
            ("data", data) => event.data = serde_json::from_str(data.trim()).unwrap(),
            ("retry", _) | ("", _) => {}
            other => panic!("{other:?}"),
        }
    }
    event
}
