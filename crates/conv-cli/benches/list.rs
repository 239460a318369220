//! `conv list --limit 50` on a store of 500 rows, beside the bare open of that store.
//!
//! `cargo bench -p conv-cli --bench list`
//!
//! Both are processes of their own, run in turn: the ratio is what counts. CPU time is that of the
//! ended children, by the kernel's count (Linux); p10 is of the time from start to end.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationStore, ListingPatch, SledStore,
    Timestamp, model::Delta,
};

const ROUNDS: usize = 50;
const ROWS: u64 = 500;
const OPEN: &str = "--open-and-close";

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(OPEN) {
        return open(Path::new(&arguments.next().unwrap()));
    }
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let own = std::env::current_exe().unwrap();
    let mut open = Command::new(own);
    open.arg(OPEN).arg(folder.path());
    let mut list = Command::new(env!("CARGO_BIN_EXE_conv"));
    list.args(["list", "--limit", "50", "--account", "user_0001", "--store"]).arg(folder.path());

    let (mut opens, mut lists) = (Runs::default(), Runs::default());
    for _ in 0..ROUNDS {
        opens.run(&mut open);
        lists.run(&mut list);
    }
    let (open, list) = (opens.p10(), lists.p10());
    let (open_cpu, list_cpu) = (opens.cpu as f64 / 100.0, lists.cpu as f64 / 100.0);
    println!("p10 of {ROUNDS}: open {open:?}, list {list:?}");
    println!("p10 ratio {:.2}", list.as_secs_f64() / open.as_secs_f64());
    println!("CPU of {ROUNDS}: open {open_cpu:.2} s, list {list_cpu:.2} s");
    println!("CPU ratio {:.2}", list_cpu / open_cpu);
}

#[derive(Default)]
struct Runs {
    times: Vec<Duration>,
    /// In hundredths of a second.
    cpu: u64,
}

impl Runs {
    fn run(&mut self, command: &mut Command) {
        let (before, began) = (cpu_of_children(), Instant::now());
        let status = command.stdout(Stdio::null()).status().unwrap();
        self.times.push(began.elapsed());
        self.cpu += cpu_of_children() - before;
        assert!(status.success(), "{command:?}");
    }

    fn p10(&mut self) -> Duration {
        self.times.sort();
        self.times[self.times.len() / 10]
    }
}

/// Returns the user and system time of ended children, in hundredths of a second; 0 if the system
/// does not report it.
fn cpu_of_children() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<_> = after_name.split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok());
    field(13).unwrap_or_default() + field(14).unwrap_or_default()
}

fn account() -> AccountId {
    "user_0001".parse().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn open(folder: &Path) {
    runtime().block_on(async {
        let store = SledStore::open(folder, &account()).await.unwrap();
        assert_eq!(store.snapshot().len() as u64, ROWS);
        store.close().await.unwrap();
    });
}

fn fill(folder: &Path) {
    runtime().block_on(async {
        let store = SledStore::open(folder, &account()).await.unwrap();
        let rows = (0..ROWS).map(|n| {
            let id = ConversationId::c2c(&format!("user_{n:04}")).unwrap();
            let mut patch = ConversationPatch::new(id);
            patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000 + n * 60)));
            patch.profile.name = Some(format!("User {n} 客户").into());
            patch
        });
        for page in rows.collect::<Vec<_>>().chunks(100) {
            store.apply(Delta::listed(page.to_vec())).await.unwrap();
        }
        store.close().await.unwrap();
    });
}
