//! The child: fills a database, or opens a damaged one and says what it found.

use std::{env, path::Path, process::Command, sync::Arc};

use conv_model::{
    Coverage, Delta, Finished, Local, PassId, PassStatus, Phase, Prune, SyncScope, SyncStep,
    Timestamp,
};
use conv_store::{ConversationDatabase, ConversationStore, Recovery, SledDatabase, Snapshot};

use crate::sled_support::{account, listed, user};

const TASK: &str = "CONV_STORE_DAMAGE_TASK";
const FOLDER: &str = "CONV_STORE_DAMAGE_FOLDER";
const SIZE: &str = "CONV_STORE_DAMAGE_SIZE";
pub(super) const LOG_IS_WHOLE: &str = "CONV_STORE_DAMAGE_LOG_IS_WHOLE";
pub(super) const TALLY_IS_WHOLE: &str = "CONV_STORE_DAMAGE_TALLY_IS_WHOLE";

const ACCOUNTS: [&str; 2] = ["a", "a/b"];
const DRAFTS: usize = 5;
/// No child needs this much.
const KIBIBYTES: u32 = 6 << 20;

/// The size of a database.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    Small,
    Middling,
    /// Its writer died in the middle.
    Unclean,
}

impl Size {
    pub(super) const ALL: [Self; 3] = [Self::Small, Self::Middling, Self::Unclean];

    fn rows(self) -> usize {
        match self {
            Self::Small => 10,
            Self::Middling => 1000,
            Self::Unclean => 300,
        }
    }

    fn rounds(self) -> u64 {
        match self {
            Self::Small => 3,
            Self::Middling => 6,
            Self::Unclean => 12,
        }
    }

    pub(super) fn is_unclean(self) -> bool {
        matches!(self, Self::Unclean)
    }
}

/// A command that runs this binary as the child, with bounded memory where there is a shell.
pub(super) fn command(task: &str, folder: &Path, size: Size) -> Command {
    let own = env::current_exe().unwrap();
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {KIBIBYTES}; exec \"$0\" \"$@\"")]).arg(own);
        shell
    } else {
        Command::new(own)
    };
    command
        .args(["--exact", "sled_damage::child::child", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(FOLDER, folder)
        .env(SIZE, (size as usize).to_string());
    command
}

#[test]
#[ignore = "a child process: run by the damage test"]
fn child() {
    let Ok(task) = env::var(TASK) else { return };
    let folder = env::var(FOLDER).unwrap();
    let size = Size::ALL[env::var(SIZE).unwrap().parse::<usize>().unwrap()];
    // The harness has begun a line.
    println!();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        match task.as_str() {
            "fill" => fill(Path::new(&folder), size).await,
            _ => verify(Path::new(&folder), size).await,
        }
    });
}

async fn fill(folder: &Path, size: Size) {
    // More than once, so that sled has a snapshot of its own.
    for half in 0..2 {
        let database = SledDatabase::open(folder).await.unwrap();
        let mut busy = Vec::new();
        for text in ACCOUNTS {
            let store = database.account(&account(text)).await.unwrap();
            for row in 0..DRAFTS {
                store.put_local(user(&name(row)), Local::draft(draft(text, row))).await.unwrap();
            }
            busy.push(tokio::spawn(async move {
                for round in 0..size.rounds() {
                    pass(&store, size, half * size.rounds() + round).await;
                }
            }));
        }
        if size.is_unclean() && half == 1 {
            let _ = (&mut busy[0]).await;
            std::process::abort();
        }
        for task in busy {
            task.await.unwrap();
        }
        database.close().await.unwrap();
    }
}

async fn verify(folder: &Path, size: Size) {
    let database = SledDatabase::open(folder).await.unwrap();
    let mut found = 0;
    for text in ACCOUNTS {
        let store = database.account(&account(text)).await.unwrap();
        let snapshot = store.snapshot();
        assert_ne!(snapshot.sync().coverage, Coverage::Complete);
        found += snapshot.len();
        assert_written(&snapshot);
        assert_drafts(&snapshot, text);
        pass(&store, size, 1000).await;
        assert_passed(&store.snapshot(), size, text);
    }
    let recovery = database.recovery();
    let is_tally_whole = env::var(TALLY_IS_WHOLE).unwrap() == "true";
    let is_reported = recovery.lost_rows > 0 || !is_tally_whole;
    assert!(found == ACCOUNTS.len() * size.rows() || is_reported, "{found} rows, {recovery:?}");
    println!("outcome: {}", outcome(&recovery, found, size));
    database.close().await.unwrap();

    let database = SledDatabase::open(folder).await.unwrap();
    for text in ACCOUNTS {
        let store = database.account(&account(text)).await.unwrap();
        assert_passed(&store.snapshot(), size, text);
    }
    assert!(database.recovery().quarantined.is_none(), "it was quarantined twice");
    database.close().await.unwrap();
}

/// A whole pass: all rows at the time of the round.
async fn pass(store: &Arc<dyn ConversationStore>, size: Size, round: u64) {
    let pass = PassId::new(store.snapshot().sync().pass.as_u64() + 1);
    let begin = SyncStep::Begin { scope: SyncScope::new(500, 1), resume: false };
    store.apply(Delta::step(pass, begin)).await.unwrap();
    let rows: Vec<_> = (0..size.rows()).map(name).collect();
    for names in rows.chunks(100) {
        let mut page = listed(time(round), names.iter().map(String::as_str));
        for patch in &mut page.listed {
            let custom = custom(patch.id.as_str(), time(round));
            patch.listing.as_mut().unwrap().custom_data = Some(custom.into());
        }
        page.pass = Some(pass);
        let status = PassStatus::running(Phase::Listing, 0, None);
        page.step = Some(SyncStep::Page {
            status,
            checkpoint: None,
            skipped: Vec::new(),
            broken: Vec::new(),
        });
        store.apply(page).await.unwrap();
    }
    let as_of = Timestamp::from_secs(time(round));
    let finished = Finished::new(Some(as_of), Vec::new(), SyncScope::new(500, 1));
    let finish =
        SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() };
    let mut last = Delta::step(pass, finish);
    let keep = Arc::new(rows.iter().map(|name| user(name)).collect());
    last.prune = Some(Prune::Unlisted { keep });
    store.apply(last).await.unwrap();
}

/// Each row is one that was written.
fn assert_written(snapshot: &Snapshot) {
    for row in snapshot.list(&conv_model::All.into()).iter() {
        let time = row.listing.time.unwrap().as_secs();
        assert_eq!(&*row.listing.custom_data, custom(row.id.as_str(), time));
    }
}

fn assert_drafts(snapshot: &Snapshot, text: &str) {
    let is_log_whole = env::var(LOG_IS_WHOLE).unwrap() == "true";
    for row in 0..DRAFTS {
        let found = snapshot.local(&user(&name(row)));
        let is_lost = found.is_none() && !is_log_whole;
        assert!(is_lost || found == Some(Local::draft(draft(text, row))), "{found:?}");
    }
}

fn assert_passed(snapshot: &Snapshot, size: Size, text: &str) {
    assert_eq!(snapshot.len(), size.rows());
    assert_written(snapshot);
    assert_drafts(snapshot, text);
    for row in 0..size.rows() {
        let row = snapshot.get(&user(&name(row))).unwrap();
        assert_eq!(row.listing.time, Some(Timestamp::from_secs(time(1000))));
    }
}

fn outcome(recovery: &Recovery, found: usize, size: Size) -> String {
    let rows = match found {
        0 => "no rows",
        found if found == ACCOUNTS.len() * size.rows() => "all rows",
        _ => "some rows",
    };
    let opened = match recovery {
        Recovery { quarantined: Some(_), .. } => "quarantined",
        Recovery { repaired: true, .. } => "repaired",
        _ => "opened",
    };
    let dropped = if recovery.dropped_rows > 0 { ", rows dropped" } else { "" };
    let local = if recovery.quarantined_local.is_some() { ", local state damaged" } else { "" };
    let lost = if recovery.lost_accounts > 0 { ", reported as lost" } else { "" };
    format!("{opened}, {rows}{dropped}{lost}{local}")
}

fn name(row: usize) -> String {
    format!("row{row}")
}

fn time(round: u64) -> u64 {
    1_700_000_000 + round
}

fn custom(id: &str, time: u64) -> String {
    format!("{id} at {time}, {}", "x".repeat(200))
}

fn draft(text: &str, row: usize) -> String {
    format!("draft {row} of {text}")
}
