//! `kill -9` at any moment: no page is torn, nothing acknowledged is lost.
//!
//! The test runs itself as a child that writes and says what was acknowledged, and kills it.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    env,
    hash::{BuildHasher, Hasher},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use conv_model::{
    Checkpoint, ConversationId, Cursor, Delta, Local, PassId, PassStatus, Phase, SyncScope,
    SyncStep,
};
use conv_store::{ConversationDatabase, ConversationStore, Durability, SledDatabase, Snapshot};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

const FOLDER: &str = "CONV_STORE_KILL_FOLDER";
const ROUND: &str = "CONV_STORE_KILL_ROUND";
const LEVEL: &str = "CONV_STORE_KILL_LEVEL";

const ACCOUNTS: [&str; 2] = ["a", "a/b"];
/// Large enough that sled's buffer of half a mebibyte ends in the middle of a page.
const PAGE_ROWS: usize = 100;
const ROW_BYTES: usize = 400;
/// Numbers of a round are above those of the rounds before.
const PER_ROUND: u64 = 1_000_000;

/// What was acknowledged last, by account and kind of write.
type Acknowledged = BTreeMap<(String, String), u64>;

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let mut lines = 0;
    for (round, acknowledged, last) in Kills::new(Durability::Process, "process", 20) {
        lines += acknowledged.values().map(|number| number % PER_ROUND).sum::<u64>();
        for text in ACCOUNTS {
            for kind in ["page", "one", "draft"] {
                let key = (text.to_owned(), kind.to_owned());
                let promised = acknowledged.get(&key).copied().unwrap_or_default();
                let found = last[&key];
                assert!(found >= promised, "round {round}: {key:?} {promised}, found {found}");
            }
        }
    }
    assert!(lines > 100, "the children hardly wrote: {lines}");
}

#[test]
fn written_behind_pages_are_whole_and_drafts_are_kept() {
    for (round, acknowledged, last) in Kills::new(Durability::WriteBehind, "behind", 8) {
        for text in ACCOUNTS {
            let key = (text.to_owned(), "draft".to_owned());
            let promised = acknowledged.get(&key).copied().unwrap_or_default();
            assert!(last[&key] >= promised, "round {round}: {key:?} {promised}");
        }
    }
}

/// Runs and kills children one after another in one folder.
struct Kills {
    folder: TempDir,
    level: &'static str,
    durability: Durability,
    rounds: std::ops::Range<u64>,
    acknowledged: Acknowledged,
}

impl Kills {
    fn new(durability: Durability, level: &'static str, rounds: u64) -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, level, durability, rounds: 0..rounds, acknowledged: Acknowledged::new() }
    }
}

impl Iterator for Kills {
    /// The round, what was acknowledged by all so far, and what is there.
    type Item = (u64, Acknowledged, Acknowledged);

    fn next(&mut self) -> Option<Self::Item> {
        let round = self.rounds.next()?;
        for (key, number) in killed(self.folder.path(), self.level, round) {
            let known = self.acknowledged.entry(key).or_default();
            *known = number.max(*known);
        }
        let last = look(self.folder.path(), self.durability);
        Some((round, self.acknowledged.clone(), last))
    }
}

/// Starts a child, kills it at a random moment, and gives what it said.
fn killed(folder: &Path, level: &str, round: u64) -> Acknowledged {
    let random = RandomState::new().build_hasher().finish();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "sled_kill::child", "--include-ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .env(LEVEL, level)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Acknowledged::new();
    if random % 10 < 3 {
        // While it opens, or shortly after.
        thread::sleep(Duration::from_millis(random / 10 % 60));
    } else {
        read(&mut output, &mut acknowledged, 1 + random / 10 % 200);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    read(&mut output, &mut acknowledged, u64::MAX);
    acknowledged
}

/// Reads so many acknowledgements, or all there are.
fn read(output: &mut BufReader<ChildStdout>, acknowledged: &mut Acknowledged, count: u64) {
    let mut line = String::new();
    let mut seen = 0;
    while seen < count {
        line.clear();
        if output.read_line(&mut line).unwrap() == 0 {
            return;
        }
        // What was cut off in the middle was said all the same, but not what.
        let Some(words) = line.strip_suffix(" done\n") else {
            continue;
        };
        let [kind, text, number] = words.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        acknowledged.insert((text.to_owned(), kind.to_owned()), number.parse().unwrap());
        seen += 1;
    }
}

/// What a fresh opening finds. Panics at a torn page.
fn look(folder: &Path, durability: Durability) -> Acknowledged {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut found = Acknowledged::new();
        let database = SledDatabase::options().durability(durability).open(folder).await.unwrap();
        for text in ACCOUNTS {
            let snapshot = database.account(&account(text)).await.unwrap().snapshot();
            let mut note = |kind: &str, number| {
                found.insert((text.to_owned(), kind.to_owned()), number);
            };
            note("page", whole_page(&snapshot));
            note("one", time(&snapshot, &user("one")));
            let draft = snapshot.local(&user("one")).and_then(|local| local.draft);
            note("draft", draft.map_or(0, |draft| draft.parse().unwrap()));
        }
        database.close().await.unwrap();
        found
    })
}

/// The number of the page that is there, whole and with its own cursor.
fn whole_page(snapshot: &Snapshot) -> u64 {
    let checkpoint = snapshot.sync().checkpoint.as_ref();
    let cursor = checkpoint.map_or(0, |checkpoint| checkpoint.cursor.as_str().parse().unwrap());
    for name in page_names() {
        assert_eq!(time(snapshot, &user(&name)), cursor, "a torn page, or a cursor of another");
    }
    cursor
}

fn time(snapshot: &Snapshot, id: &ConversationId) -> u64 {
    snapshot.get(id).map_or(0, |row| row.listing.time.unwrap().as_secs())
}

fn page_names() -> impl Iterator<Item = String> {
    (0..PAGE_ROWS).map(|row| format!("row{row}"))
}

#[test]
#[ignore = "is run, and killed, by the others"]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let round: u64 = env::var(ROUND).unwrap().parse().unwrap();
    let durability = match env::var(LEVEL).unwrap().as_str() {
        "process" => Durability::Process,
        _ => Durability::WriteBehind,
    };
    // The harness has begun a line.
    println!();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = SledDatabase::options().durability(durability);
        let database = options.open(folder).await.unwrap();
        let mut tasks = Vec::new();
        for text in ACCOUNTS {
            let store = database.account(&account(text)).await.unwrap();
            let base = (round + 1) * PER_ROUND;
            tasks.push(tokio::spawn(pages(text, Arc::clone(&store), base)));
            tasks.push(tokio::spawn(ones(text, Arc::clone(&store), base)));
            tasks.push(tokio::spawn(drafts(text, store, base)));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn say(kind: &str, account: &str, number: u64) {
    let line = format!("{kind} {account} {number} done\n");
    let mut output = std::io::stdout().lock();
    output.write_all(line.as_bytes()).and_then(|()| output.flush()).unwrap();
}

async fn pages(text: &str, store: Arc<dyn ConversationStore>, base: u64) {
    let pass = PassId::new(base);
    let begin = SyncStep::Begin { scope: SyncScope::new(500, 1), resume: true };
    store.apply(Delta::step(pass, begin)).await.unwrap();
    for number in base.. {
        let names: Vec<_> = page_names().collect();
        let mut delta = listed(number, names.iter().map(String::as_str));
        for listing in delta.listed.iter_mut().filter_map(|patch| patch.listing.as_mut()) {
            listing.custom_data = Some("x".repeat(ROW_BYTES).into());
        }
        delta.pass = Some(pass);
        delta.step = Some(SyncStep::Page {
            status: PassStatus::running(Phase::Listing, 0, None),
            checkpoint: Some(Checkpoint::new(Cursor::new(number.to_string()), 0)),
            skipped: Vec::new(),
        });
        store.apply(delta).await.unwrap();
        say("page", text, number);
    }
}

async fn ones(text: &str, store: Arc<dyn ConversationStore>, base: u64) {
    for number in base.. {
        store.apply(listed(number, ["one"])).await.unwrap();
        say("one", text, number);
    }
}

async fn drafts(text: &str, store: Arc<dyn ConversationStore>, base: u64) {
    for number in base.. {
        store.put_local(user("one"), Local::draft(number.to_string())).await.unwrap();
        say("draft", text, number);
    }
}
