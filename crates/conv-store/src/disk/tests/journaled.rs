//! Changes that the journal keeps until the rows do.

use std::fs;

use conv_model::{Conversation, Timestamp};

use super::{
    super::{
        open::open_rows,
        records::{self, Scan},
    },
    double::Trouble,
    *,
};
use crate::{
    disk::{
        commit::{Disk, Target},
        frame::{self, HEADER},
        recover::Opening,
    },
    record::{Stamps, encode_row},
};

const NAMES: [&str; 2] = ["a", "b"];

/// Accounts that write, each change a group of its own.
struct Writing {
    files: Arc<Files<double::Handle>>,
    disk: FilesDisk<double::Handle>,
    accounts: Vec<Arc<Account>>,
    /// The number of their last writes.
    seq: u64,
}

impl Writing {
    /// No thread of its own: when this is dropped nothing is flushed, as when a process is killed.
    fn on(it: &Fixture) -> Self {
        let accounts = NAMES.map(|name| Arc::new(Account::new(account(name)))).into();
        let files = Arc::new(Files::open(it.folder.path(), it.opener()).unwrap());
        let journal = Journal::of(it.folder.path());
        let disk = FilesDisk::new(Arc::clone(&files), it.durability, journal);
        Self { files, disk, accounts, seq: 0 }
    }

    /// Writes once for each account: what the row of its number says, and that another is gone.
    fn write(&mut self, row: &[u8]) {
        self.seq += 1;
        for account in self.accounts.clone() {
            let mut change = with_state(write(self.seq - 1));
            change.put.push((Record::Row(id(&format!("user{}", self.seq % 3))), row.into()));
            change.delete.push(Record::Row(id(&format!("user{}", (self.seq + 1) % 3))));
            let job = Job { account, work: Work::Commit(vec![change]) };
            self.group(&job);
        }
    }

    fn group(&mut self, job: &Job<Account>) {
        self.disk.begin(job).unwrap();
        self.disk.write(job, Target::Rows).unwrap();
        self.disk.sync(Target::Rows).unwrap();
        // A reader would miss acknowledged writes now.
        let is_loaded = || self.files.load(&job.account).unwrap().is_some();
        assert_eq!(is_loaded(), !matches!(job.work, Work::Commit(_)));
        self.disk.finish();
        assert!(is_loaded());
    }

    fn write_times(&mut self, times: u64) {
        for _ in 0..times {
            self.write(&row(self.seq + 1));
        }
    }
}

/// The record of a row that shows its number.
fn row(seq: u64) -> Vec<u8> {
    let mut row = Conversation::new(id("alice"));
    row.listing.time = Some(Timestamp::from_secs(seq));
    encode_row(&row, Stamps::default(), Seq::new(seq)).unwrap().to_vec()
}

fn path(it: &Fixture) -> PathBuf {
    it.folder.path().join("rows.journal")
}

/// The records of each account that an opening finds.
fn found(it: &Fixture) -> [Scan; 2] {
    let file = it.opener()().unwrap();
    NAMES.map(|name| records::scan(&file, key::prefix(&account(name))).unwrap())
}

/// The numbers alone; that a row says another one would be an error.
fn numbers(it: &Fixture) -> [u64; 2] {
    found(it).map(|Scan { seq, records, .. }| {
        for (record, bytes) in records.iter().filter(|(record, _)| *record != Record::State) {
            let of_row = crate::record::seq(bytes).unwrap().as_u64();
            assert!(of_row + 1 >= seq.as_u64(), "{record:?} of {of_row} at {seq:?}");
            assert_eq!(*record, Record::Row(id(&format!("user{}", of_row % 3))));
        }
        seq.as_u64()
    })
}

#[test]
fn acknowledged_writes_outlive_a_process_that_flushed_nothing() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(7);
    assert_eq!(it.double.flushed(), 0);
    drop(writing);
    assert_eq!(numbers(&it), [7, 7]);
    assert!(it.double.flushed() > 0, "the opening flushed it");
    assert_eq!(fs::read(path(&it)).unwrap(), b"");
    assert_eq!(numbers(&it), [7, 7]);
}

#[test]
fn a_torn_or_damaged_journal_leaves_the_first_writes() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    let mut lengths = vec![HEADER];
    for _ in 0..4 {
        writing.write_times(1);
        lengths.push(fs::read(path(&it)).unwrap().len());
    }
    drop(writing);
    let whole = fs::read(path(&it)).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    // Each opening empties the journal durably, which takes its time.
    let places = (0..whole.len()).step_by(11).chain(lengths.iter().map(|length| length - 1));
    let cut = places.clone().chain(lengths.iter().copied());
    let cut = cut.map(|end| (whole[..end].to_vec(), end));
    let damaged = places.map(|at| (flipped(at), at));
    for (bytes, good) in cut.chain(damaged) {
        let it = Fixture::new();
        fs::write(path(&it), bytes).unwrap();
        let writes = lengths.iter().filter(|length| **length <= good).count() as u64;
        let [a, b] = numbers(&it);
        // The other account's entry begins where this one's ends.
        let least = writes.saturating_sub(1);
        assert!((least..=least + 1).contains(&a) && b == least, "{a} and {b}, {good} bytes good");
        assert!(!path(&it).exists() || fs::read(path(&it)).unwrap().is_empty());
    }
}

/// Returns the journal's end and an opening's findings.
fn said(it: &Fixture) -> (journal::End, Recovery) {
    let end = journal::replay(it.folder.path(), &it.double.opener()().unwrap()).unwrap();
    (end, Files::open(it.folder.path(), it.opener()).unwrap().recovery())
}

#[test]
fn an_opening_reports_lost_journal_entries() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(2);
    let torn = fs::read(path(&it)).unwrap().len() + 5;
    writing.write_times(2);
    drop(writing);
    let whole = fs::read(path(&it)).unwrap();
    let mut flipped = whole.clone();
    flipped[torn] ^= 0x10;
    let mut begun = whole.clone();
    begun.extend(&whole[HEADER..HEADER + 50]);
    let tally = fs::read(it.folder.path().join("rows.tally")).unwrap();
    let cases = [
        (whole.clone(), journal::End::Whole, 0),
        // As a kill leaves it during a write that was not acknowledged.
        (begun, journal::End::Torn, 0),
        (whole[..torn].to_vec(), journal::End::Torn, 2),
        (flipped, journal::End::Damaged, 2),
        (Vec::new(), journal::End::Whole, 2),
    ];
    for (bytes, end, lost) in cases {
        let it = Fixture::new();
        fs::write(path(&it), bytes).unwrap();
        fs::write(it.folder.path().join("rows.tally"), &tally).unwrap();
        let (found, recovery) = said(&it);
        assert_eq!((found, recovery.lost_accounts), (end, lost));
        assert_eq!(recovery.is_clean(), lost == 0);
    }
}

#[test]
fn rows_that_are_further_stay_as_they_are() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(2);
    let early = fs::read(path(&it)).unwrap();
    writing.write_times(2);
    writing.disk.close().unwrap();
    let flushed = found(&it);
    fs::write(path(&it), early).unwrap();
    assert_eq!(found(&it), flushed);
}

#[test]
fn nothing_is_written_to_rows_that_lack_what_it_goes_on_from() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(2);
    writing.disk.flush_due();
    writing.write_times(2);
    let late = fs::read(path(&it)).unwrap();
    let it = Fixture::new();
    fs::write(path(&it), late).unwrap();
    assert_eq!(numbers(&it), [0, 0]);
}

#[test]
fn it_is_emptied_once_the_rows_are_flushed() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(1);
    assert!(writing.disk.due().is_some());
    writing.disk.flush_due();
    assert_eq!(writing.disk.due(), None);
    assert_eq!(fs::read(path(&it)).unwrap(), b"");
    writing.write_times(1);
    drop(writing);
    assert_eq!(numbers(&it), [2, 2]);
}

#[test]
fn large_groups_are_flushed_and_not_written_twice() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(1);
    let mut large = row(2);
    large.resize(100_000, 0);
    writing.write(&large);
    assert!(it.double.flushed() > 0);
    assert_eq!(fs::read(path(&it)).unwrap(), b"");
    writing.write_times(1);
    assert!(!fs::read(path(&it)).unwrap().is_empty());
    drop(writing);
    assert_eq!(found(&it).map(|scan| scan.seq), [Seq::new(3); 2]);
}

#[test]
fn an_account_that_was_forgotten_does_not_come_back() {
    let it = Fixture::new();
    let mut writing = Writing::on(&it);
    writing.write_times(3);
    let job = Job { account: Arc::clone(&writing.accounts[0]), work: Work::Forget };
    writing.group(&job);
    drop(writing);
    assert_eq!(numbers(&it), [0, 3]);
}

#[test]
fn one_of_a_newer_version_is_left_alone() {
    let it = Fixture::new();
    Writing::on(&it).write_times(1);
    let mut bytes = fs::read(path(&it)).unwrap();
    bytes[..HEADER].copy_from_slice(&frame::header(*b"cjrn", 2));
    fs::write(path(&it), &bytes).unwrap();
    let error = it.opener()().unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 2, known: 1 }), "{error:?}");
    assert_eq!(fs::read(path(&it)).unwrap(), bytes);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_an_error_and_then_none_any_more() {
    let it = Fixture::new();
    let database = it.open().await;
    let engine = database.engines().engine_of(&Arc::new(Account::new(account("a"))));
    fs::create_dir(path(&it)).unwrap();
    engine.commit(&[with_state(write(0))]).await.unwrap_err();
    engine.load().await.unwrap_err();
    fs::remove_dir(path(&it)).unwrap();
    assert_eq!(engine.load().await.unwrap().seq, Seq::ZERO);
    engine.commit(&[with_state(write(0))]).await.unwrap();
}

#[test]
fn rows_that_do_not_take_it_are_opened_without() {
    let it = Fixture::new();
    Writing::on(&it).write_times(1);
    it.double.fail(Trouble::Panic(1));
    let opening = Opening::new(std::time::Duration::from_secs(30));
    let opener = it.double.opener();
    let file = open_rows(it.folder.path(), &opening, |_, _| opener()).unwrap();
    let mut keys = 0;
    file.scan(b"", &mut |_, _| keys += 1).unwrap();
    assert_eq!(keys, 0, "all of it or none");
    assert!(opening.recovery().journal_damaged && !opening.recovery().is_clean());
    assert_eq!(fs::read(path(&it)).unwrap(), b"");
}
