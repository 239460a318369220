//! Events that came already.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    time::Duration,
};

use conv_model::Timestamp;
use sha2::{Digest, Sha256};

use super::{Event, EventKind, fields::Fields};

/// The key of an event: equal if the same event comes twice. A hash, so it shows nothing of the event.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenKey([u8; 16]);

/// A bounded memory of the events that came lately. A retried call brings the same event again.
///
/// A double only costs a mark that coalesces, so forgetting is harmless: the oldest keys go first when
/// it is full. Only ask for events that have marks, so that others take no room.
///
/// ```
/// use std::time::Duration;
///
/// use conv_gateway::webhook::{Call, Event, Seen};
/// use conv_model::Timestamp;
///
/// let call = Call::parse("SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg").unwrap();
/// let event = Event::parse(&call, br#"{"From_Account":"alice","To_Account":"bob","MsgKey":"1_2_3"}"#);
///
/// let mut seen = Seen::new(10_000, Duration::from_secs(300));
/// let now = Timestamp::from_secs(1_775_000_000);
/// assert!(seen.is_new(event.key, now));
/// assert!(!seen.is_new(event.key, now));
/// assert!(seen.is_new(event.key, now.plus_secs(301)));
/// ```
#[derive(Debug)]
pub struct Seen {
    keys: HashSet<SeenKey>,
    oldest_first: VecDeque<(SeenKey, Timestamp)>,
    capacity: usize,
    age: Duration,
}

impl Seen {
    /// A memory of at most `capacity` events, each for `age`, in whole seconds.
    pub fn new(capacity: usize, age: Duration) -> Self {
        Self { keys: HashSet::new(), oldest_first: VecDeque::new(), capacity, age }
    }

    /// Remembers an event. Returns false if it came before and is remembered still.
    pub fn is_new(&mut self, key: SeenKey, now: Timestamp) -> bool {
        self.forget_before(now);
        if !self.keys.insert(key) {
            return false;
        }
        self.oldest_first.push_back((key, now));
        while self.oldest_first.len() > self.capacity {
            self.forget_oldest();
        }
        true
    }

    /// The number of events that are remembered.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns true if none is remembered.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn forget_before(&mut self, now: Timestamp) {
        let age = self.age.as_secs();
        let is_old = |(_, since): &(SeenKey, Timestamp)| since.plus_secs(age) < now;
        while self.oldest_first.front().is_some_and(is_old) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((key, _)) = self.oldest_first.pop_front() {
            self.keys.remove(&key);
        }
    }
}

impl Default for Seen {
    /// 10,000 events for five minutes each.
    fn default() -> Self {
        Self::new(10_000, Duration::from_secs(300))
    }
}

/// Returns the key of an event: its own names where it has some, else the whole body.
pub(super) fn key(event: &Event, fields: Option<&Fields<'_>>, body: &[u8]) -> SeenKey {
    let mut hash = Sha256::new();
    hash.update(event.app.to_be_bytes());
    let names = fields.and_then(|fields| names(event, fields));
    let is_named = names.is_some();
    let names = names.unwrap_or_else(|| vec![String::new()]);
    for part in [event.command.as_str()].into_iter().chain(names.iter().map(String::as_str)) {
        // With its length: "ab", "c" is not "a", "bc".
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    if !is_named {
        hash.update(body);
    }
    let mut key = SeenKey::default();
    key.0.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    key
}

/// Returns the values that identify the event among those of its command; `None` if it lacks a name.
fn names(event: &Event, fields: &Fields<'_>) -> Option<Vec<String>> {
    let message = || fields.text("MsgKey").filter(|key| !key.is_empty()).map(Into::into);
    let sequence = |sequence: u64| (sequence != 0).then(|| sequence.to_string());
    let time = || event.time_ms.map(|ms| ms.to_string());
    Some(match &event.kind {
        EventKind::C2cSent { from, to, delivered, online_only, .. } => {
            // A key is of one conversation. An event of another outcome is another event.
            vec![message()?, from.to_string(), to.to_string(), format!("{delivered} {online_only}")]
        }
        EventKind::C2cEdited { from, to, .. } => {
            vec![message()?, from.to_string(), to.to_string(), time()?]
        }
        // A message is recalled once, and the event has no time in some versions.
        EventKind::C2cRecalled { from, to, .. } => {
            vec![message()?, from.to_string(), to.to_string()]
        }
        EventKind::C2cRead { reader, peer, read_to } => {
            vec![reader.to_string(), peer.to_string(), (*read_to)?.as_secs().to_string()]
        }
        EventKind::GroupSent { row, message, online_only, .. } => {
            vec![row.to_string(), sequence(message.sequence)?, online_only.to_string()]
        }
        EventKind::GroupEdited { row, message } => {
            vec![row.to_string(), sequence(message.sequence)?, time()?]
        }
        _ => return None,
    })
}

impl fmt::Debug for SeenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
