//! Every operation fails once, every operation is the last before a crash: what was acknowledged
//! is there, what was refused is there whole or not at all.

mod disk;

use std::collections::BTreeMap;

use self::disk::{Crash, Disk, Fault};
use super::*;
use crate::Record;

/// Large enough for the log to be rewritten within a script.
const RECORD: usize = 12 << 10;
/// A mutation is among them, so that the file gets a newer version within a script.
const KEYS: [(&str, &str); 4] = [
    ("a", "local C2Calice"),
    ("a", "local C2Cbob"),
    ("b", "local C2Calice"),
    ("a", "pending pinned C2Calice"),
];

type Key = (AccountId, Record);
type Value = Option<u8>;

/// The values that a record may have.
#[derive(Clone, Debug, Default)]
struct Promise {
    /// The last acknowledged value.
    kept: Value,
    /// The values refused since.
    refused: Vec<Value>,
}

/// Writes to a log, and knows what it was promised.
struct Script {
    disk: Disk,
    log: Option<LocalLog<Disk>>,
    promises: BTreeMap<Key, Promise>,
    seq: u64,
    acknowledged: usize,
}

impl Script {
    fn new(disk: Disk) -> Self {
        let (log, promises) = (None, BTreeMap::new());
        Self { disk, log, promises, seq: 0, acknowledged: 0 }
    }

    /// All that a log does: saves, removals, a group, forgetting, openings, rewriting.
    fn run(&mut self) {
        for round in 0..6_u8 {
            for (number, key) in (0..).zip(KEYS) {
                self.save(&[(key, Some(round * 10 + number))]);
            }
            if round % 2 == 1 {
                self.save(&[(KEYS[0], None), (KEYS[1], Some(round * 10 + 9))]);
                self.log = None;
            }
            if round == 3 {
                self.forget("b");
            }
        }
    }

    fn log(&mut self) -> Result<&mut LocalLog<Disk>, StoreError> {
        if self.log.is_none() {
            self.log = Some(open::open(self.disk.clone())?);
        }
        Ok(self.log.as_mut().unwrap())
    }

    /// One group of one account.
    fn save(&mut self, changes: &[((&str, &str), Value)]) {
        self.seq += 1;
        let mut write = Write::new(Seq::new(self.seq - 1), Seq::new(self.seq));
        for ((_, id), value) in changes {
            let record = Record::from_key(id);
            match value {
                Some(byte) => write.put.push((record, vec![*byte; RECORD].into())),
                None => write.delete.push(record),
            }
        }
        let account: AccountId = changes[0].0.0.parse().unwrap();
        let saved = self.log().and_then(|log| {
            log.append(&account, [&write])?;
            log.sync()
        });
        for ((_, id), value) in changes {
            self.note((account.clone(), Record::from_key(id)), *value, saved.is_ok());
        }
    }

    fn forget(&mut self, account: &str) {
        let account: AccountId = account.parse().unwrap();
        let forgotten = self.log().and_then(|log| {
            log.forget(&account)?;
            log.sync()
        });
        let keys: Vec<_> = self.promises.keys().filter(|key| key.0 == account).cloned().collect();
        for key in keys {
            self.note(key, None, forgotten.is_ok());
        }
    }

    fn note(&mut self, key: Key, value: Value, is_saved: bool) {
        let promise = self.promises.entry(key).or_default();
        if is_saved {
            *promise = Promise { kept: value, refused: Vec::new() };
            self.acknowledged += 1;
        } else {
            promise.refused.push(value);
        }
    }

    /// Checks that the records are those that were promised.
    #[track_caller]
    fn check(&mut self, what: &str) {
        let promises = self.promises.clone();
        let log = self.log().unwrap_or_else(|error| panic!("{what}: does not open: {error:?}"));
        for account in ["a", "b"] {
            let account: AccountId = account.parse().unwrap();
            let records = log.records(&account).unwrap().records;
            let found: BTreeMap<_, _> = records.into_iter().collect();
            for ((_, id), promise) in promises.iter().filter(|((of, _), _)| *of == account) {
                let value = found.get(id).map(|bytes| {
                    assert_eq!(**bytes, [bytes[0]; RECORD], "{what}: a record in part");
                    bytes[0]
                });
                let is_promised = value == promise.kept || promise.refused.contains(&value);
                assert!(is_promised, "{what}: {id:?} is {value:?}, promised {promise:?}");
            }
            let known =
                found.keys().all(|id| promises.contains_key(&(account.clone(), id.clone())));
            assert!(known, "{what}: a record that was never written");
        }
    }

    /// After a crash, by another process.
    fn crashed(&self, crash: Crash) -> Self {
        let disk = self.disk.crashed(crash);
        Self { promises: self.promises.clone(), seq: self.seq, ..Self::new(disk) }
    }

    /// It works, and keeps what it is given now.
    #[track_caller]
    fn goes_on(&mut self, what: &str) {
        let before = self.acknowledged;
        self.save(&[(KEYS[0], Some(200))]);
        assert!(self.acknowledged > before, "{what}: nothing is saved any more");
        self.check(what);
        self.log = None;
        self.check(what);
    }
}

/// The number of operations of a whole script.
fn operations() -> usize {
    let mut script = Script::new(Disk::default());
    script.run();
    script.check("nothing happened");
    assert!(script.promises.values().all(|promise| promise.refused.is_empty()));
    script.disk.operations()
}

fn crashes() -> impl Iterator<Item = Crash> {
    [Crash::Process, Crash::Nothing].into_iter().chain((0..3).map(Crash::Random))
}

#[test]
fn a_crash_at_any_operation_loses_nothing_that_was_acknowledged() {
    for at in 0..=operations() {
        let mut script = Script::new(Disk::default());
        script.disk.fault(at, Fault::Stop);
        script.run();
        for crash in crashes() {
            let what = format!("stopped at {at}, {crash:?}");
            let mut after = script.crashed(crash);
            after.check(&what);
            after.goes_on(&what);
        }
    }
}

#[test]
fn a_crash_while_it_opens_after_a_crash_loses_nothing() {
    for at in 0..=operations() {
        let mut script = Script::new(Disk::default());
        script.disk.fault(at, Fault::Stop);
        script.run();
        for first in [Crash::Process, Crash::Random(at as u64)] {
            for second in [1, 3, 6, 10, 20] {
                let what = format!("stopped at {at}, {first:?}, again at {second}");
                let mut again = script.crashed(first);
                again.disk.fault(second, Fault::Stop);
                again.save(&[(KEYS[1], Some(100))]);
                for crash in [Crash::Nothing, Crash::Random(second as u64)] {
                    let mut after = again.crashed(crash);
                    after.check(&what);
                    after.goes_on(&what);
                }
            }
        }
    }
}

#[test]
fn a_fault_at_any_operation_refuses_or_saves() {
    for fault in [Fault::Error, Fault::Short, Fault::Torn, Fault::Full] {
        for at in 0..=operations() {
            let what = format!("{fault:?} at {at}");
            let mut script = Script::new(Disk::default());
            script.disk.fault(at, fault);
            script.run();
            script.crashed(Crash::Random(at as u64)).check(&what);
            script.disk.well();
            // Without a crash what was refused does not come back.
            script.promises.values_mut().for_each(|promise| promise.refused.clear());
            script.check(&what);
            script.log = None;
            script.check(&what);
            script.goes_on(&what);
            for crash in crashes() {
                script.crashed(crash).check(&what);
            }
        }
    }
}

#[test]
fn a_disk_that_fails_for_a_while_is_written_to_again() {
    for at in 0..=operations() {
        let what = format!("broken at {at}");
        let mut script = Script::new(Disk::default());
        script.disk.fault(at, Fault::Broken);
        script.run();
        script.disk.well();
        script.check(&what);
        script.goes_on(&what);
        for crash in crashes() {
            script.crashed(crash).check(&what);
        }
    }
}

#[test]
fn a_log_that_could_not_take_back_goes_on_without_being_closed() {
    for at in 0..6 {
        let mut script = Script::new(Disk::default());
        script.save(&[(KEYS[0], Some(1))]);
        script.disk.fault(script.disk.operations() + at, Fault::Broken);
        script.save(&[(KEYS[0], Some(2))]);
        script.disk.well();
        script.goes_on(&format!("broken at {at}"));
    }
}

#[test]
fn a_failed_rewrite_leaves_no_file() {
    for fault in [Fault::Error, Fault::Torn, Fault::Full] {
        for at in 0..=operations() {
            let mut script = Script::new(Disk::default());
            script.disk.fault(at, fault);
            script.run();
            let names = script.disk.names();
            let is_log = |name: &String| name == "local.log";
            assert!(names.iter().all(is_log), "{fault:?} at {at}: {names:?}");
        }
    }
}

#[test]
fn damaged_bytes_are_quarantined_once_if_the_log_cannot_be_rewritten() {
    for at in 0..20 {
        let mut script = Script::new(Disk::default());
        for number in 0..3 {
            script.save(&[(KEYS[1], Some(number))]);
        }
        script.log = None;
        script.disk.flip("local.log", RECORD + RECORD / 2);
        for _ in 0..3 {
            // An opening comes so far, and no further.
            script.disk.fault(script.disk.operations() + at, Fault::Full);
            // It may fail.
            let _ = open::open(script.disk.clone());
            script.disk.well();
        }
        let log = open::open(script.disk.clone()).unwrap();
        let names = script.disk.names();
        assert!(names.len() <= 2, "full at {at}: {names:?}");
        assert!(log.quarantined().is_none_or(|name| name == "local.log.damaged-1"), "full at {at}");
        script.check("healed");
    }
}

#[test]
fn a_full_disk_refuses_until_there_is_room() {
    let mut script = Script::new(Disk::default());
    script.save(&[(KEYS[0], Some(1))]);
    script.disk.fault(0, Fault::Full);
    let before = script.acknowledged;
    script.save(&[(KEYS[0], Some(2)), (KEYS[1], Some(2))]);
    assert_eq!(script.acknowledged, before);
    script.promises.values_mut().for_each(|promise| promise.refused.clear());
    script.check("while it is full");
    script.disk.well();
    script.goes_on("there is room again");
}
