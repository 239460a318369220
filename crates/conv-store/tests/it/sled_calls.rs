//! System calls, counted by strace: durability is defined by them.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use conv_model::Local;
use conv_store::{ConversationDatabase, ConversationStore, Durability, SledDatabase};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

const FOLDER: &str = "CONV_STORE_CALLS_FOLDER";
const LEVEL: &str = "CONV_STORE_CALLS_LEVEL";
/// Changes that a child makes, one after another, so each is a group of its own.
const CHANGES: usize = 20;

/// Calls between two marks, which the child sets by trying to open files of these names.
const BEGIN: &str = "mark-begin";
const END: &str = "mark-end";

#[test]
fn a_group_at_disk_syncs_the_data_and_others_need_not() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let [disk, process, behind] = ["disk", "process", "behind"].map(rows_synced);
    assert!(disk.data_syncs >= CHANGES, "{disk:?}");
    // sled has a reason of its own once in a while.
    assert!(process.data_syncs < CHANGES / 2, "{process:?}");
    assert!(process.journal_writes >= CHANGES, "each is handed to the system: {process:?}");
    assert!(behind.data_syncs < CHANGES / 2, "{behind:?}");
    assert_eq!([disk.journal_writes, behind.journal_writes], [0, 0]);
    for calls in [disk, process, behind] {
        assert!(calls.log_syncs >= CHANGES, "a draft is durable at every level: {calls:?}");
    }
}

/// Calls between the marks.
#[derive(Debug)]
struct Calls {
    /// `fsync` and `fdatasync` of sled's data file.
    data_syncs: usize,
    /// Writes to the journal.
    journal_writes: usize,
    /// `fsync` and `fdatasync` of the log of local state.
    log_syncs: usize,
}

fn rows_synced(level: &str) -> Calls {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace");
    let database = folder.path().join("database");
    let output = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync,write,openat", "-o"])
        .arg(&trace)
        .arg(env::current_exe().unwrap())
        .args(["--exact", "sled_calls::child", "--ignored"])
        .env(FOLDER, &database)
        .env(LEVEL, level)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    count(&fs::read_to_string(trace).unwrap())
}

fn count(trace: &str) -> Calls {
    let (_, from_begin) = trace.split_once(BEGIN).expect("the child has begun");
    let (between, _) = from_begin.split_once(END).expect("the child has ended");
    let count = |calls: &[&str], file: &str| {
        let of_call = |line: &&str| calls.iter().any(|call| line.contains(call));
        between.lines().filter(of_call).filter(|line| line.contains(file)).count()
    };
    let syncs = ["fsync(", "fdatasync("];
    Calls {
        data_syncs: count(&syncs, "/rows/db>"),
        journal_writes: count(&["write("], "/rows.journal>"),
        log_syncs: count(&syncs, "/local.log>"),
    }
}

#[tokio::test]
#[ignore = "a child process: run under strace by the other test of this file"]
async fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let durability = match env::var(LEVEL).unwrap().as_str() {
        "disk" => Durability::Disk,
        "process" => Durability::Process,
        _ => Durability::WriteBehind,
    };
    let database = SledDatabase::options().durability(durability).open(&folder).await.unwrap();
    let store = database.account(&account("a")).await.unwrap();
    mark(&folder, BEGIN);
    for number in 0..CHANGES {
        store.apply(listed(number as u64 + 1, ["alice", "bob"])).await.unwrap();
        store.put_local(user("alice"), Local::draft(number.to_string())).await.unwrap();
    }
    mark(&folder, END);
    database.close().await.unwrap();
}

fn mark(folder: &str, name: &str) {
    assert!(fs::File::open(Path::new(folder).join(name)).is_err());
}
