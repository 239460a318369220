//! A folder in memory that fails at an operation, and forgets in a crash what was not synced.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, MutexGuard},
};

use fastrand::Rng;

use super::super::files::{LogFile, LogFolder};

/// A fault at an operation, counted from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails, and nothing is done.
    Error,
    /// A write does half of it and says so; anything else fails.
    Short,
    /// A write does half of it, then fails; anything else fails.
    Torn,
    /// This operation and all after it that need room fail, until some is freed.
    Full,
    /// It fails, and so do the next four.
    Broken,
    /// It is half done, and nothing is ever done again.
    Stop,
}

/// The part of unsynced data that survives a crash.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crash {
    /// The process died: everything is there, but not durable.
    Process,
    /// The power failed, and nothing had been written yet.
    Nothing,
    /// The power failed, and chance had it.
    Random(u64),
}

/// Clones are the same folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    operations: usize,
    fault: Option<(usize, Fault)>,
}

/// A file's bytes, whatever its name.
#[derive(Clone, Debug, Default)]
struct Node {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
    /// The earlier bytes were given up by a failed sync: no later sync makes them durable.
    GivenUp,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Handle {
    disk: Disk,
    node: usize,
    at: usize,
}

/// The permission for an operation.
enum Leave {
    All,
    Half(Option<io::Error>),
}

impl Disk {
    /// Has something happen at the operation of this number.
    pub(super) fn fault(&self, at: usize, fault: Fault) {
        self.lock().fault = Some((at, fault));
    }

    /// Nothing happens any more: there is room, and the world goes on.
    pub(super) fn well(&self) {
        self.lock().fault = None;
    }

    /// Returns the names of the files.
    pub(super) fn names(&self) -> Vec<String> {
        self.lock().names.keys().cloned().collect()
    }

    /// Changes a byte of a file, durably.
    pub(super) fn flip(&self, name: &str, at: usize) {
        let mut state = self.lock();
        let node = state.names[name];
        let node = &mut state.nodes[node];
        node.now[at] ^= 1;
        *node = Node::of(&node.now);
    }

    /// Returns the number of operations so far.
    pub(super) fn operations(&self) -> usize {
        self.lock().operations
    }

    /// The folder as it is found after a crash.
    pub(super) fn crashed(&self, crash: Crash) -> Self {
        let state = self.lock();
        let mut after = State { operations: 0, fault: None, ..State::default() };
        match crash {
            Crash::Process => {
                after.nodes.clone_from(&state.nodes);
                after.names.clone_from(&state.names);
                after.durable_names.clone_from(&state.durable_names);
            }
            Crash::Nothing => {
                after.nodes = state.nodes.iter().map(|node| Node::of(&node.durable)).collect();
                after.names.clone_from(&state.durable_names);
                after.durable_names.clone_from(&state.durable_names);
            }
            Crash::Random(seed) => {
                let mut random = Rng::with_seed(seed);
                let nodes = state.nodes.iter();
                after.nodes = nodes.map(|node| Node::of(&node.survivor(&mut random))).collect();
                after.names = state.surviving_names(&mut random);
                after.durable_names.clone_from(&after.names);
            }
        }
        Self(Arc::new(Mutex::new(after)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn handle(&self, node: usize) -> Handle {
        Handle { disk: self.clone(), node, at: 0 }
    }
}

impl State {
    /// Counts an operation that changes something; `grows` says that it needs room.
    fn step(&mut self, grows: bool) -> io::Result<Leave> {
        let operation = self.operations;
        self.operations += 1;
        let Some((at, fault)) = self.fault.filter(|(at, _)| operation >= *at) else {
            return Ok(Leave::All);
        };
        let error = || io::Error::from(ErrorKind::Other);
        match fault {
            Fault::Error if operation == at => Err(error()),
            Fault::Short if operation == at => Ok(Leave::Half(None)),
            Fault::Torn if operation == at => Ok(Leave::Half(Some(error()))),
            Fault::Full if grows => Ok(Leave::Half(Some(ErrorKind::StorageFull.into()))),
            Fault::Broken if operation < at + 5 => Err(error()),
            Fault::Stop if operation == at => Ok(Leave::Half(Some(error()))),
            Fault::Stop => Err(error()),
            _ => Ok(Leave::All),
        }
    }

    /// An operation that is done or not.
    fn whole(&mut self, grows: bool) -> io::Result<()> {
        match self.step(grows)? {
            Leave::All => Ok(()),
            Leave::Half(error) => Err(error.unwrap_or_else(|| ErrorKind::Other.into())),
        }
    }

    fn new_node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Each name is what it was or what it became.
    fn surviving_names(&self, random: &mut Rng) -> BTreeMap<String, usize> {
        let all = self.names.keys().chain(self.durable_names.keys());
        let mut names = BTreeMap::new();
        for name in all {
            let from = if random.bool() { &self.names } else { &self.durable_names };
            if let Some(node) = from.get(name) {
                names.insert(name.clone(), *node);
            }
        }
        names
    }
}

impl Node {
    fn of(bytes: &[u8]) -> Self {
        Self { now: bytes.to_vec(), durable: bytes.to_vec(), unsynced: Vec::new() }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.now, &change);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        let given_up = |change: &Change| matches!(change, Change::GivenUp);
        let from = self.unsynced.iter().rposition(given_up).map_or(0, |at| at + 1);
        self.unsynced.iter().skip(from).for_each(|change| apply(&mut self.durable, change));
        self.unsynced.clear();
    }

    /// Each change is there, or not, or in part.
    fn survivor(&self, random: &mut Rng) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            match (random.u8(0..3), change) {
                (0, _) => {}
                (1, Change::Write(at, written)) => {
                    let part = random.usize(0..=written.len());
                    apply(&mut bytes, &Change::Write(*at, written[..part].to_vec()));
                }
                _ => apply(&mut bytes, change),
            }
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, written) => {
            let end = at + written.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(written);
        }
        Change::Cut(length) => bytes.truncate(*length),
        Change::GivenUp => {}
    }
}

impl LogFolder for Disk {
    type File = Handle;

    fn open(&self, name: &str) -> io::Result<Option<Handle>> {
        let mut state = self.lock();
        state.whole(false)?;
        Ok(state.names.get(name).map(|node| self.handle(*node)))
    }

    fn create(&self, name: &str) -> io::Result<Handle> {
        let mut state = self.lock();
        state.whole(true)?;
        let node = match state.names.get(name) {
            Some(node) => *node,
            None => state.new_node(),
        };
        state.names.insert(name.to_owned(), node);
        state.nodes[node].change(Change::Cut(0));
        Ok(self.handle(node))
    }

    fn create_new(&self, name: &str) -> io::Result<Handle> {
        if self.lock().names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.whole(false)?;
        let node = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), node);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.whole(false)?;
        state.names.remove(name);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.whole(false)?;
        state.durable_names = state.names.clone();
        Ok(())
    }
}

impl LogFile for Handle {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.whole(false)?;
        state.nodes[self.node].change(Change::Cut(length as usize));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.lock();
        let done = state.whole(false);
        let node = &mut state.nodes[self.node];
        match done {
            Ok(()) => node.sync(),
            Err(_) => node.unsynced.push(Change::GivenUp),
        }
        done
    }
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.lock();
        let (count, error) = match state.step(true)? {
            Leave::All => (bytes.len(), None),
            Leave::Half(error) => (bytes.len().div_ceil(2), error),
        };
        let written = bytes[..count].to_vec();
        state.nodes[self.node].change(Change::Write(self.at, written));
        self.at += count;
        error.map_or(Ok(count), Err)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Handle {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.lock();
        state.whole(false)?;
        let left = state.nodes[self.node].now.get(self.at..).unwrap_or_default();
        let count = left.len().min(bytes.len());
        bytes[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.disk.lock().nodes[self.node].now.len() as i64;
        let at = match to {
            SeekFrom::Start(at) => at as i64,
            SeekFrom::End(offset) => length + offset,
            SeekFrom::Current(offset) => self.at as i64 + offset,
        };
        self.at = usize::try_from(at).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
        Ok(at as u64)
    }
}
