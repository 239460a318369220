use std::{collections::BTreeMap, fs};

use conv_model::{ConversationId, Local};
use tempfile::TempDir;

use super::{files::FRESH, *};
use crate::{
    Record,
    disk::frame::{HEADER, MAX_BODY},
    record::LocalRecord,
};

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn id(number: usize) -> ConversationId {
    ConversationId::c2c(&format!("user{number}")).unwrap()
}

fn put(seq: u64, conversation: usize, bytes: &[u8]) -> Write {
    let mut write = Write::new(Seq::new(seq - 1), Seq::new(seq));
    write.put.push((Record::Local(id(conversation)), Arc::from(bytes)));
    write
}

fn delete(seq: u64, conversation: usize) -> Write {
    let mut write = Write::new(Seq::new(seq - 1), Seq::new(seq));
    write.delete.push(Record::Local(id(conversation)));
    write
}

type Map = BTreeMap<ConversationId, Arc<[u8]>>;

fn records(log: &mut LocalLog, text: &str) -> Map {
    let records = log.records(&account(text)).unwrap().records.into_iter();
    records.map(|(record, bytes)| (local_id(record), bytes)).collect()
}

fn local_id(record: Record) -> ConversationId {
    match record {
        Record::Local(id) => id,
        other => panic!("{other:?}"),
    }
}

fn seq(log: &mut LocalLog, text: &str) -> Seq {
    log.records(&account(text)).unwrap().seq
}

fn save(log: &mut LocalLog, text: &str, write: &Write) {
    log.append(&account(text), [write]).unwrap();
    log.sync().unwrap();
}

/// The bytes of a log of `count` one-record entries of account `a`, and where each begins.
fn written(count: usize) -> (Vec<u8>, Vec<usize>) {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    let mut starts = Vec::new();
    for number in 0..count {
        starts.push(usize::try_from(log.tail.end()).unwrap());
        save(&mut log, "a", &put(number as u64 + 1, number, format!("draft {number}").as_bytes()));
    }
    (fs::read(folder.path().join(NAME)).unwrap(), starts)
}

/// A folder with a log of these bytes.
fn folder_of(bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(NAME), bytes).unwrap();
    folder
}

/// Returns the numbers of the records that are present.
fn present(log: &mut LocalLog, count: usize) -> Vec<usize> {
    let records = records(log, "a");
    let present: Vec<_> = (0..count).filter(|number| records.contains_key(&id(*number))).collect();
    for number in &present {
        assert_eq!(&*records[&id(*number)], format!("draft {number}").as_bytes());
    }
    assert_eq!(records.len(), present.len());
    present
}

fn quarantined(folder: &TempDir) -> usize {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".damaged-")).count()
}

#[test]
fn synced_entries_are_there_again() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "a", &put(1, 1, b"one"));
    save(&mut log, "a", &put(2, 2, b"two"));
    save(&mut log, "a/b", &put(1, 1, b"another"));
    save(&mut log, "a", &put(3, 1, b"one, longer"));
    save(&mut log, "a", &delete(4, 2));
    log.append(&account("a"), [&put(5, 3, b"pending")]).unwrap();
    for reopened in [false, true] {
        if reopened {
            log.sync().unwrap();
            log = LocalLog::open(folder.path()).unwrap();
        }
        let a = records(&mut log, "a");
        assert_eq!(&*a[&id(1)], b"one, longer");
        assert_eq!(a.contains_key(&id(3)), reopened);
        assert!(!a.contains_key(&id(2)));
        assert_eq!(seq(&mut log, "a"), Seq::new(if reopened { 5 } else { 4 }));
        assert_eq!(records(&mut log, "a/b").len(), 1);
        assert_eq!(log.records(&account("b")).unwrap(), Records::default());
    }
}

#[test]
fn a_write_of_several_records_is_one_entry() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "a", &put(1, 1, b"one"));
    let before = log.tail.end();
    let mut write = put(2, 2, b"two");
    write.put.push((Record::Local(id(3)), Arc::from(*b"three")));
    write.delete.push(Record::Local(id(1)));
    save(&mut log, "a", &write);
    let bytes = fs::read(folder.path().join(NAME)).unwrap();
    for cut in usize::try_from(before).unwrap()..bytes.len() {
        let folder = folder_of(&bytes[..cut]);
        let mut log = LocalLog::open(folder.path()).unwrap();
        assert_eq!(records(&mut log, "a").into_keys().collect::<Vec<_>>(), [id(1)]);
    }
    assert_eq!(records(&mut log, "a").into_keys().collect::<Vec<_>>(), [id(2), id(3)]);
}

#[test]
fn a_torn_end_of_any_length_is_cut_off() {
    let (bytes, starts) = written(4);
    for cut in HEADER..bytes.len() {
        let folder = folder_of(&bytes[..cut]);
        let mut log = LocalLog::open(folder.path()).unwrap();
        let whole = starts[1..].iter().filter(|start| **start <= cut).count();
        assert_eq!(present(&mut log, 4), (0..whole).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(quarantined(&folder), 0, "cut at {cut}");
        save(&mut log, "a", &put(9, 3, b"draft 3"));
        drop(log);
        let mut log = LocalLog::open(folder.path()).unwrap();
        assert!(present(&mut log, 4).contains(&3), "cut at {cut}");
    }
}

#[test]
fn an_end_of_zeros_is_cut_off() {
    let (bytes, _) = written(2);
    for zeros in [1, 11, 12, 100, 200_000] {
        let folder = folder_of(&[bytes.clone(), vec![0; zeros]].concat());
        let mut log = LocalLog::open(folder.path()).unwrap();
        assert_eq!(present(&mut log, 2), [0, 1]);
        assert_eq!(quarantined(&folder), 0, "{zeros} zeros");
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), bytes);
    }
}

#[test]
fn a_flipped_bit_takes_one_entry_and_loses_no_byte() {
    let (bytes, mut starts) = written(4);
    starts.push(bytes.len());
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            let folder = folder_of(&bytes);
            let mut log = LocalLog::open(folder.path()).unwrap();
            let hit = starts.windows(2).position(|range| (range[0]..range[1]).contains(&at));
            let left: Vec<_> = (0..4).filter(|number| Some(*number) != hit).collect();
            assert_eq!(present(&mut log, 4), left, "bit {bit} of byte {at}");
            assert_eq!(quarantined(&folder), 1, "bit {bit} of byte {at}");
            let aside = fs::read(folder.path().join("local.log.damaged-1")).unwrap();
            let range = hit.map_or(0..HEADER, |hit| starts[hit]..starts[hit + 1]);
            assert_eq!(aside, bytes[range], "bit {bit} of byte {at}");
            drop(log);
            let mut log = LocalLog::open(folder.path()).unwrap();
            assert_eq!(present(&mut log, 4), left, "bit {bit} of byte {at}, again");
            assert_eq!(quarantined(&folder), 1, "bit {bit} of byte {at}, again");
        }
    }
}

#[test]
fn a_hole_longer_than_a_window_is_jumped() {
    let (bytes, starts) = written(3);
    let hole = vec![0xA5; 200_000];
    let (before, behind) = bytes.split_at(starts[1]);
    let folder = folder_of(&[before, &hole, behind].concat());
    let mut log = LocalLog::open(folder.path()).unwrap();
    assert_eq!(present(&mut log, 3), [0, 1, 2]);
    assert_eq!(fs::read(folder.path().join("local.log.damaged-1")).unwrap(), hole);
}

#[test]
fn an_entry_within_a_record_is_no_entry() {
    let forged = frame::seal(&entry::of_write(&account("b"), &put(1, 1, b"forged"))).unwrap();
    let whole = folder_of(&[]);
    fs::remove_file(whole.path().join(NAME)).unwrap();
    let mut log = LocalLog::open(whole.path()).unwrap();
    save(&mut log, "a", &put(1, 1, &[forged.clone(), vec![0; 50]].concat()));
    let bytes = fs::read(whole.path().join(NAME)).unwrap();
    // Torn behind the forged entry, and damaged in the body behind it.
    let torn = bytes[..bytes.len() - 20].to_vec();
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for bytes in [torn, damaged] {
        let folder = folder_of(&bytes);
        let mut log = LocalLog::open(folder.path()).unwrap();
        assert!(records(&mut log, "b").is_empty());
        assert!(records(&mut log, "a").is_empty());
    }
}

#[test]
fn the_remains_of_an_interrupted_rewriting_are_removed() {
    let (bytes, _) = written(2);
    for length in [0, 5, HEADER, bytes.len() - 1] {
        let folder = folder_of(&bytes);
        fs::write(folder.path().join(FRESH), &bytes[..length]).unwrap();
        let mut log = LocalLog::open(folder.path()).unwrap();
        assert_eq!(present(&mut log, 2), [0, 1]);
        assert!(!folder.path().join(FRESH).exists());
    }
    // Also before there was any log: an unfinished creation.
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(FRESH), &bytes[..7]).unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    assert!(present(&mut log, 2).is_empty());
}

#[test]
fn a_log_that_is_mostly_dead_is_rewritten_while_it_is_used() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "b", &delete(7, 1));
    for seq in 1..=300 {
        save(&mut log, "a", &put(seq, (seq % 3) as usize, &vec![seq as u8; 1000]));
        assert!(log.tail.end() <= SMALL + 2000, "at {seq}: {}", log.tail.end());
    }
    for _ in 0..2 {
        assert_eq!(&*records(&mut log, "a")[&id(0)], &[300_u64 as u8; 1000]);
        assert_eq!(seq(&mut log, "a"), Seq::new(300));
        // An account without records keeps its number.
        assert_eq!(seq(&mut log, "b"), Seq::new(7));
        log = LocalLog::open(folder.path()).unwrap();
    }
}

#[test]
fn a_mostly_dead_log_is_rewritten_at_opening() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    log.rewrite_over = u64::MAX;
    for seq in 1..=300 {
        save(&mut log, "a", &put(seq, 1, &vec![seq as u8; 1000]));
    }
    let before = log.tail.end();
    let mut log = LocalLog::open(folder.path()).unwrap();
    assert!(log.tail.end() < before / 100);
    assert_eq!(&*records(&mut log, "a")[&id(1)], &[300_u64 as u8; 1000]);
}

#[test]
fn a_record_that_was_cleared_is_gone_once_the_log_is_rewritten() {
    let cleared = |seq, local| {
        let bytes = LocalRecord::new(local).encode(Seq::new(seq)).unwrap();
        put(seq, seq as usize, &bytes)
    };
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "a", &cleared(1, Local::draft("")));
    save(&mut log, "a", &cleared(2, Local::draft("Dear Alice")));
    save(&mut log, "a", &cleared(3, Local::new(None, Some([].into()))));
    save(&mut log, "a", &cleared(4, Local::new(Some("".into()), Some([1].into()))));
    save(&mut log, "a", &put(4 + Record::CLEARED_KEPT, 5, b"no record at all"));
    save(&mut log, "b", &cleared(6, Local::draft("")));
    log.rewrite(WITHOUT_MUTATIONS).unwrap();
    // So long it says that something was cleared.
    assert_eq!(records(&mut log, "b").len(), 1);
    save(&mut log, "b", &put(7 + Record::CLEARED_KEPT, 7, b"no record at all"));
    log.rewrite(WITHOUT_MUTATIONS).unwrap();
    for _ in 0..2 {
        let kept: Vec<_> = records(&mut log, "a").into_keys().collect();
        assert_eq!(kept, [2, 4, 5].map(id));
        assert_eq!(records(&mut log, "b").into_keys().collect::<Vec<_>>(), [id(7)]);
        // Their numbers stay.
        assert_eq!(
            ["a", "b"].map(|name| seq(&mut log, name)),
            [4, 7].map(|seq| Seq::new(seq + Record::CLEARED_KEPT))
        );
        log = LocalLog::open(folder.path()).unwrap();
    }
}

#[test]
fn a_forgotten_account_leaves_no_byte() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "a", &put(1, 1, b"a secret"));
    save(&mut log, "b", &put(1, 1, b"stays"));
    log.forget(&account("a")).unwrap();
    log.sync().unwrap();
    let bytes = fs::read(folder.path().join(NAME)).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    for _ in 0..2 {
        assert_eq!(log.records(&account("a")).unwrap(), Records::default());
        assert_eq!(records(&mut log, "b").len(), 1);
        log = LocalLog::open(folder.path()).unwrap();
    }
}

fn version(folder: &TempDir) -> u8 {
    fs::read(folder.path().join(NAME)).unwrap()[4]
}

#[test]
fn a_mutation_makes_the_file_one_that_earlier_versions_refuse() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    save(&mut log, "a", &put(1, 1, b"draft"));
    assert_eq!(version(&folder), WITHOUT_MUTATIONS);
    // Beside a draft that is not durable yet.
    log.append(&account("b"), [&put(1, 2, b"another")]).unwrap();
    let key = Record::from_key("pending pinned C2Calice");
    let mut write = Write::new(Seq::new(1), Seq::new(2));
    write.put.push((key.clone(), Arc::from(*b"pin")));
    save(&mut log, "a", &write);
    for _ in 0..2 {
        assert_eq!(version(&folder), VERSION);
        assert_eq!(log.records(&account("a")).unwrap().records.len(), 2);
        assert_eq!(records(&mut log, "b").len(), 1);
        assert_eq!(seq(&mut log, "a"), Seq::new(2));
        log = LocalLog::open(folder.path()).unwrap();
    }
    let mut write = Write::new(Seq::new(2), Seq::new(3));
    write.delete.push(key);
    save(&mut log, "a", &write);
    log.rewrite_or_go_on();
    assert_eq!(version(&folder), WITHOUT_MUTATIONS);
    assert_eq!(records(&mut log, "a").len(), 1);
}

#[test]
fn a_newer_version_is_refused_untouched() {
    let (mut bytes, _) = written(1);
    bytes[..HEADER].copy_from_slice(&frame::header(*b"clog", VERSION + 1));
    let folder = folder_of(&bytes);
    let error = LocalLog::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 3, known: 2 }), "{error:?}");
    assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), bytes);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_entry_too_large_is_refused_with_those_beside_it() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    let (small, large) = (put(1, 1, b"small"), put(2, 1, &vec![0; MAX_BODY]));
    let error = log.append(&account("a"), [&small, &large]).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error:?}");
    log.sync().unwrap();
    assert!(records(&mut log, "a").is_empty());
    save(&mut log, "a", &put(1, 1, b"fits"));
    assert_eq!(&*records(&mut log, "a")[&id(1)], b"fits");
}

#[test]
fn a_folder_that_cannot_be_rewritten_in_still_saves() {
    let folder = TempDir::new().unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    // In the way of every rewriting.
    fs::create_dir(folder.path().join(FRESH)).unwrap();
    for seq in 1..=200 {
        save(&mut log, "a", &put(seq, 1, &vec![seq as u8; 1000]));
    }
    assert_eq!(&*records(&mut log, "a")[&id(1)], &[200; 1000]);
    fs::remove_dir(folder.path().join(FRESH)).unwrap();
    let mut log = LocalLog::open(folder.path()).unwrap();
    assert_eq!(&*records(&mut log, "a")[&id(1)], &[200; 1000]);
}
