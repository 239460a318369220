//! Tallies that are opened again, whole or damaged.

use std::fs;

use tempfile::TempDir;

use super::*;

const ALICE: Prefix = [1; 16];
const BOB: Prefix = [2; 16];
const CAROL: Prefix = [3; 16];

fn mark(seq: u64, rows: u64) -> Mark {
    Mark { seq: Seq::new(seq), rows }
}

fn open(folder: &TempDir) -> Tally {
    Tally::open(folder.path()).unwrap()
}

fn marks(folder: &TempDir) -> [Mark; 3] {
    [ALICE, BOB, CAROL].map(|prefix| open(folder).mark(prefix))
}

#[test]
fn the_last_mark_is_read_again() {
    let folder = TempDir::new().unwrap();
    let mut tally = open(&folder);
    for (prefix, mark) in [(ALICE, mark(1, 1)), (BOB, mark(7, 30)), (ALICE, mark(2, 5))] {
        tally.set(prefix, mark).unwrap();
    }
    assert_eq!(marks(&folder), [mark(2, 5), mark(7, 30), mark(0, 0)]);
    // Less than before, as after a loss.
    open(&folder).set(BOB, mark(1, 1)).unwrap();
    assert_eq!(marks(&folder), [mark(2, 5), mark(1, 1), mark(0, 0)]);
}

#[test]
fn a_removed_mark_leaves_no_trace_and_its_slot_is_reused() {
    let folder = TempDir::new().unwrap();
    let mut tally = open(&folder);
    tally.set(ALICE, mark(1, 1)).unwrap();
    tally.set(BOB, mark(2, 2)).unwrap();
    tally.remove(ALICE).unwrap();
    tally.remove(CAROL).unwrap();
    let path = folder.path().join("rows.tally");
    let before = fs::read(&path).unwrap();
    assert!(!before.windows(ALICE.len()).any(|bytes| bytes == ALICE));
    assert_eq!(marks(&folder), [mark(0, 0), mark(2, 2), mark(0, 0)]);
    open(&folder).set(CAROL, mark(3, 3)).unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), before.len());
    assert_eq!(marks(&folder), [mark(0, 0), mark(2, 2), mark(3, 3)]);
}

#[test]
fn a_damaged_tally_has_no_wrong_mark_and_accepts_new_ones() {
    let folder = TempDir::new().unwrap();
    let mut tally = open(&folder);
    tally.set(ALICE, mark(4, 40)).unwrap();
    tally.set(BOB, mark(5, 50)).unwrap();
    let whole = fs::read(folder.path().join("rows.tally")).unwrap();
    let cut = (0..whole.len()).map(|end| whole[..end].to_vec());
    let flipped = (0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    for bytes in cut.chain(flipped) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("rows.tally"), bytes).unwrap();
        let [alice, bob, _] = marks(&folder);
        assert!([mark(0, 0), mark(4, 40)].contains(&alice), "{alice:?}");
        assert!([mark(0, 0), mark(5, 50)].contains(&bob), "{bob:?}");
        open(&folder).set(CAROL, mark(6, 60)).unwrap();
        assert_eq!(marks(&folder), [alice, bob, mark(6, 60)]);
    }
}

#[test]
fn a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let newer = crate::disk::frame::header(*b"ctly", 2);
    fs::write(folder.path().join("rows.tally"), newer).unwrap();
    let error = Tally::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 2, known: 1 }), "{error:?}");
}

#[test]
fn a_lower_number_is_a_loss() {
    assert_eq!(mark(5, 50).lost(mark(5, 50)), None);
    assert_eq!(mark(5, 50).lost(mark(6, 10)), None);
    assert_eq!(mark(5, 50).lost(mark(4, 20)), Some(30));
    assert_eq!(mark(5, 50).lost(mark(4, 60)), Some(0));
    assert_eq!(mark(0, 0).lost(mark(0, 0)), None);
}
