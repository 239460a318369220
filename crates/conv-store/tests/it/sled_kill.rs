//! `kill -9` at any moment: no page is torn, nothing acknowledged is lost.
//!
//! The test runs itself as a child that writes and says what was acknowledged, and kills it.
//! `CONV_KILLS=1000` kills so many, half of them at `Process` and half at `Disk`, and a quarter as
//! many again at `WriteBehind`; `CONV_POWER_CUTS=300` cuts the power of a drive so often.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    env,
    hash::{BuildHasher, Hasher},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use conv_model::{
    Checkpoint, ConversationId, Cursor, Delta, Local, PassId, PassStatus, Phase, SyncScope,
    SyncStep,
};
use conv_store::{
    ConversationDatabase, ConversationStore, Durability, Recovery, SledDatabase, Snapshot,
};
use tempfile::TempDir;

use crate::{
    mounted::Mounted,
    sled_support::{account, listed, user},
};

const FOLDER: &str = "CONV_STORE_KILL_FOLDER";
const ROUND: &str = "CONV_STORE_KILL_ROUND";
const LEVEL: &str = "CONV_STORE_KILL_LEVEL";

const ACCOUNTS: [&str; 2] = ["a", "a/b"];
/// Large enough that sled's buffer of half a mebibyte ends in the middle of a page.
const PAGE_ROWS: usize = 100;
const ROW_BYTES: usize = 400;
/// Numbers of a round are above those of the rounds before.
const PER_ROUND: u64 = 1_000_000;

/// The last acknowledged writes, by account and kind of write.
type Acknowledged = BTreeMap<(String, String), u64>;

#[test]
fn acknowledged_writes_survive_every_kill() {
    assert_kept(Kills::new(Durability::Process, "process", kills(2).unwrap_or(20)));
}

#[test]
fn acknowledged_writes_on_the_disk_survive_every_kill() {
    assert_kept(Kills::new(Durability::Disk, "disk", kills(2).unwrap_or(10)));
}

#[test]
fn acknowledged_writes_on_the_disk_survive_power_cuts() {
    on_drive(Durability::Disk, "disk", assert_kept);
}

/// Looks at what power cuts leave, where there is a drive of our own to cut off.
fn on_drive(durability: Durability, level: &'static str, look: fn(Kills)) {
    let drive = Mounted::drive().and_then(|drive| {
        drive.cut_power()?;
        drive.restore_power();
        Ok(drive)
    });
    let cuts = env::var("CONV_POWER_CUTS").map_or(3, |count| count.parse().unwrap());
    match drive {
        Ok(drive) => look(Kills::on(drive, durability, level, cuts)),
        Err(why) => println!("skipped: no drive of our own: {why}"),
    }
}

/// The part of the kills that were asked for.
fn kills(part: u64) -> Option<u64> {
    env::var("CONV_KILLS").ok().map(|count| count.parse::<u64>().unwrap() / part)
}

fn assert_kept(kills: Kills) {
    let (mut lines, mut while_opening, mut rounds) = (0, 0, 0);
    let mut before = Acknowledged::new();
    for (round, acknowledged, last) in kills {
        rounds += 1;
        while_opening += usize::from(acknowledged == before);
        before.clone_from(&acknowledged);
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
    println!("{lines} acknowledged changes counted, {while_opening} kills before the first");
    assert!(lines > 3 * rounds, "the children hardly wrote: {lines} in {rounds} rounds");
}

#[test]
fn written_behind_pages_are_whole_and_drafts_are_kept() {
    assert_whole(Kills::new(Durability::WriteBehind, "behind", kills(4).unwrap_or(8)));
}

#[test]
fn pages_that_only_the_process_was_to_survive_are_whole_after_power_cuts() {
    on_drive(Durability::Process, "process", assert_whole);
}

/// Of rows nothing is promised but that pages are whole, which each round looks at.
fn assert_whole(kills: Kills) {
    for (round, acknowledged, last) in kills {
        for text in ACCOUNTS {
            let key = (text.to_owned(), "draft".to_owned());
            let promised = acknowledged.get(&key).copied().unwrap_or_default();
            assert!(last[&key] >= promised, "round {round}: {key:?} {promised}");
        }
    }
}

/// Runs and kills children one after another in one folder.
struct Kills {
    place: Place,
    level: &'static str,
    durability: Durability,
    rounds: std::ops::Range<u64>,
    acknowledged: Acknowledged,
}

/// The place of a database, and the way its writer is stopped.
enum Place {
    /// It is killed.
    Folder(TempDir),
    /// The power fails.
    Drive(Mounted),
}

impl Kills {
    fn new(durability: Durability, level: &'static str, rounds: u64) -> Self {
        Self::at(Place::Folder(TempDir::new().unwrap()), durability, level, rounds)
    }

    fn on(drive: Mounted, durability: Durability, level: &'static str, rounds: u64) -> Self {
        Self::at(Place::Drive(drive), durability, level, rounds)
    }

    fn at(place: Place, durability: Durability, level: &'static str, rounds: u64) -> Self {
        Self { place, level, durability, rounds: 0..rounds, acknowledged: Acknowledged::new() }
    }
}

impl Place {
    fn folder(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().to_owned(),
            Self::Drive(drive) => drive.path().join("cache"),
        }
    }

    /// Stops it, and gives the moment up to which its word counts: on a drive without power the
    /// system may still say that a sync under way has succeeded.
    fn stop(&self, child: &mut Child) -> u128 {
        let mut until = u128::MAX;
        if let Self::Drive(drive) = self {
            until = now();
            drive.cut_power().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if let Self::Drive(drive) = self {
            drive.restore_power();
        }
        until
    }

    /// Returns the writes that a new opening finds. A kill leaves nothing to recover from.
    fn look(&self, durability: Durability) -> Acknowledged {
        let (recovery, found) = look(&self.folder(), durability);
        assert!(recovery.quarantined.is_none(), "{recovery:?}");
        assert!(recovery.is_clean() || matches!(self, Self::Drive(_)), "{recovery:?}");
        found
    }
}

impl Iterator for Kills {
    /// The round, what was acknowledged by all so far, and what is there.
    type Item = (u64, Acknowledged, Acknowledged);

    fn next(&mut self) -> Option<Self::Item> {
        let round = self.rounds.next()?;
        for (key, number) in stopped(&self.place, self.level, round) {
            let known = self.acknowledged.entry(key).or_default();
            *known = number.max(*known);
        }
        let last = self.place.look(self.durability);
        Some((round, self.acknowledged.clone(), last))
    }
}

/// Starts a child, stops it in the midst of its opening or writing, and gives what it said.
fn stopped(place: &Place, level: &str, round: u64) -> Acknowledged {
    let random = RandomState::new().build_hasher().finish();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "sled_kill::child", "--include-ignored", "--nocapture"])
        .env(FOLDER, place.folder())
        .env(ROUND, round.to_string())
        .env(LEVEL, level)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Acknowledged::new();
    match round % 10 {
        // While it opens, or shortly after.
        2 | 5 | 8 => thread::sleep(Duration::from_millis(random % 60)),
        // So that there is something to lose, however few rounds there are.
        0 => read(&mut output, &mut acknowledged, 100, u128::MAX),
        _ => read(&mut output, &mut acknowledged, 1 + random % 200, u128::MAX),
    }
    let until = place.stop(&mut child);
    read(&mut output, &mut acknowledged, u64::MAX, until);
    acknowledged
}

fn now() -> u128 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos()
}

/// Reads so many acknowledgements, or all there are, up to a moment.
fn read(
    output: &mut BufReader<ChildStdout>,
    acknowledged: &mut Acknowledged,
    count: u64,
    until: u128,
) {
    let mut line = String::new();
    let mut seen = 0;
    while seen < count {
        line.clear();
        if output.read_line(&mut line).unwrap() == 0 {
            return;
        }
        // A line that was cut off in the middle was printed all the same, but its content is
        // unknown.
        let Some(words) = line.strip_suffix(" done\n") else {
            continue;
        };
        let [kind, text, number, at] = words.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        if at.parse::<u128>().unwrap() > until {
            continue;
        }
        acknowledged.insert((text.to_owned(), kind.to_owned()), number.parse().unwrap());
        seen += 1;
    }
}

/// Returns the writes that a new opening finds. Panics at a torn page.
fn look(folder: &Path, durability: Durability) -> (Recovery, Acknowledged) {
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
            let draft = snapshot.local(&user("one")).and_then(|local| local.draft_text().cloned());
            note("draft", draft.map_or(0, |draft| draft.parse().unwrap()));
        }
        let recovery = database.recovery();
        database.close().await.unwrap();
        (recovery, found)
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
#[ignore = "a child process: run and killed by the other tests of this file"]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let round: u64 = env::var(ROUND).unwrap().parse().unwrap();
    let durability = match env::var(LEVEL).unwrap().as_str() {
        "process" => Durability::Process,
        "disk" => Durability::Disk,
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
    let line = format!("{kind} {account} {number} {} done\n", now());
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
            broken: Vec::new(),
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
