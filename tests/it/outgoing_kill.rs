//! `kill -9` while changes are queued, sent and acknowledged: each one that was accepted reaches the
//! cloud, and no older value follows a newer one.
//!
//! The cloud lives in the test; the test runs itself as a child that changes a list on disk, says
//! what was accepted, and is killed. `CONV_KILLS=1000` kills so many at each of the three moments.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use conv_api::{Conversations, ConversationsBuilder, RestSource, SledDatabase, UserSigSigner};
use conv_emulator::{Applied, Change, Emulator, Fault, Rule};
use conv_tests::online::{ACCOUNT, emulator, id};
use tokio::runtime::Runtime;

const FOLDER: &str = "CONV_OUTGOING_KILL_FOLDER";
const FIRST: &str = "CONV_OUTGOING_KILL_FIRST";
const URL: &str = "CONV_OUTGOING_KILL_URL";
const APP: &str = "CONV_OUTGOING_KILL_APP";
const ADMIN: &str = "CONV_OUTGOING_KILL_ADMIN";
const KEY: &str = "CONV_OUTGOING_KILL_KEY";

const ROWS: usize = 4;
/// The cloud's answer to a change comes so late that a kill falls between the two.
const ANSWER: Duration = Duration::from_millis(4);
/// Numbers of a child are above those of the children before.
const PER_CHILD: u64 = 1_000_000;

/// The moment at which a child is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// While it queues changes.
    Queueing,
    /// While the cloud has applied one that it has not answered.
    Sending,
    /// While it records that the cloud answered.
    Acknowledging,
}

#[test]
fn changes_survive_kills_while_they_are_queued() {
    Kills::new().run(Moment::Queueing);
}

#[test]
fn changes_survive_kills_while_they_are_sent() {
    Kills::new().run(Moment::Sending);
}

#[test]
fn changes_survive_kills_while_they_are_acknowledged() {
    Kills::new().run(Moment::Acknowledging);
}

/// A cloud, a folder, and what the children said of each conversation's custom data.
struct Kills {
    runtime: Runtime,
    cloud: Emulator,
    folder: tempfile::TempDir,
    said: BTreeMap<String, Said>,
}

/// The numbers that a conversation was given as its custom data.
#[derive(Debug, Default, Clone, Copy)]
struct Said {
    /// The last one that was asked for.
    tried: u64,
    /// The last one that was accepted.
    accepted: u64,
}

impl Kills {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let cloud = runtime.block_on(emulator(ROWS).start()).unwrap();
        for command in ["mark_contact", "top"] {
            cloud.faults().push(Rule::always(Fault::Slow(ANSWER)).on(command));
        }
        let folder = tempfile::tempdir().unwrap();
        Self { runtime, cloud, folder, said: BTreeMap::new() }
    }

    fn run(mut self, moment: Moment) {
        let kills = env::var("CONV_KILLS").map_or(12, |kills| kills.parse().unwrap());
        // The first one pulls the list.
        self.runtime.block_on(async {
            open(&self.cloud.base_url(), &Access::of(&self.cloud), self.folder.path())
                .await
                .sync()
                .await
                .unwrap();
        });
        for round in 0..kills {
            let applied = self.writes().len();
            let mut child =
                Running::start(&self.cloud, self.folder.path(), (round + 1) * PER_CHILD);
            match moment {
                Moment::Queueing => child.wait_for(round as usize % 7),
                Moment::Sending => self.wait_for_writes(applied + round as usize % 5),
                Moment::Acknowledging => {
                    self.wait_for_writes(applied + round as usize % 5);
                    thread::sleep(ANSWER);
                }
            }
            thread::sleep(Duration::from_micros(fastrand::u64(..1_500)));
            child.killed(&mut self.said);
        }
        let accepted = self.said.values().filter(|said| said.accepted > 0).count();
        assert_eq!(accepted, ROWS, "the children hardly changed anything");
        self.finish();
    }

    fn writes(&self) -> Vec<Applied> {
        self.cloud.world().writes(ACCOUNT).unwrap()
    }

    fn wait_for_writes(&self, more_than: usize) {
        while self.writes().len() <= more_than {
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Sends what is left, and compares.
    fn finish(self) {
        self.cloud.faults().clear();
        let left = self.runtime.block_on(async {
            let list =
                open(&self.cloud.base_url(), &Access::of(&self.cloud), self.folder.path()).await;
            list.flush(Duration::from_secs(60)).await.unwrap()
        });
        assert!(left.is_empty(), "{left:?}");
        self.assert_no_older_value_followed_a_newer_one();
        for row in self.cloud.world().listing(ACCOUNT).unwrap() {
            let said = self.said[&row.id];
            let found: u64 = row.custom_mark.parse().unwrap();
            let is_expected = (said.accepted..=said.tried).contains(&found);
            assert!(is_expected, "{}: {found} is in the cloud, {said:?}", row.id);
        }
    }

    fn assert_no_older_value_followed_a_newer_one(&self) {
        let mut newest = BTreeMap::new();
        let (mut count, mut repeats) = (0, 0);
        for write in self.writes() {
            let Change::CustomMark { conversation, text } = write.change else { continue };
            let number: u64 = text.parse().unwrap();
            let before = newest.insert(conversation, number).unwrap_or_default();
            assert!(number >= before, "{number} was sent after {before}");
            count += 1;
            repeats += usize::from(number == before);
        }
        println!("{count} changes were applied, {repeats} of them twice");
    }
}

/// The access of a caller to the cloud.
struct Access {
    app: u32,
    admin: String,
    key: String,
}

impl Access {
    fn of(cloud: &Emulator) -> Self {
        let (app, admin) = (cloud.sdk_app_id(), cloud.identifier().to_owned());
        Self { app, admin, key: cloud.secret_key().to_owned() }
    }

    fn source(&self, url: &str) -> RestSource {
        let signer = UserSigSigner::new(&self.admin, self.key.as_str());
        RestSource::new(url.parse::<conv_api::BaseUrl>().unwrap(), self.app, signer)
    }
}

async fn open(url: &str, access: &Access, folder: &Path) -> Conversations {
    builder(url, access).database(SledDatabase::open(folder).await.unwrap()).build().await.unwrap()
}

fn builder(url: &str, access: &Access) -> ConversationsBuilder {
    Conversations::builder(ACCOUNT).source(access.source(url)).writer(access.source(url))
}

/// A child that runs.
struct Running {
    child: Child,
    lines: Receiver<String>,
    read: Vec<String>,
}

impl Running {
    fn start(cloud: &Emulator, folder: &Path, first: u64) -> Self {
        let access = Access::of(cloud);
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "outgoing_kill::child", "--include-ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(FIRST, first.to_string())
            .env(URL, cloud.base_url())
            .env(APP, access.app.to_string())
            .env(ADMIN, access.admin)
            .env(KEY, access.key)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines: lines(output), read: Vec::new() }
    }

    /// Waits until it has said so many lines of its own.
    fn wait_for(&mut self, count: usize) {
        // The first ones are the test runner's.
        for _ in 0..count + 3 {
            self.read.push(self.lines.recv_timeout(Duration::from_secs(60)).unwrap());
        }
    }

    fn killed(mut self, said: &mut BTreeMap<String, Said>) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for line in self.read.into_iter().chain(self.lines) {
            // The last line may be cut.
            let Some(line) = line.strip_suffix(" .") else { continue };
            let mut words = line.split(' ');
            let (Some(what), Some(row), Some(number)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let said = said.entry(row.to_owned()).or_default();
            let number = number.parse().unwrap();
            match what {
                "tries" => said.tried = number,
                "accepted" => said.accepted = number,
                _ => panic!("{line}"),
            }
        }
    }
}

fn lines(output: BufReader<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[test]
#[ignore = "a child process: run and killed by the other tests of this file"]
fn child() {
    let variable = |name: &str| env::var(name).unwrap();
    let access =
        Access { app: variable(APP).parse().unwrap(), admin: variable(ADMIN), key: variable(KEY) };
    let (url, folder) = (variable(URL), variable(FOLDER));
    Runtime::new().unwrap().block_on(async {
        let list = open(&url, &access, Path::new(&folder)).await;
        let shown = list.get_conversation_list(conv_api::All).await.unwrap();
        let rows: Vec<_> = shown.iter().map(|row| row.id.clone()).collect();
        assert_eq!(rows.len(), ROWS);
        for number in variable(FIRST).parse::<u64>().unwrap().. {
            let row = id(rows[fastrand::usize(..ROWS)].as_str());
            say(&format!("tries {row} {number} ."));
            let text = number.to_string();
            list.set_conversation_custom_data(std::slice::from_ref(&row), &text).await.unwrap();
            say(&format!("accepted {row} {number} ."));
            if number % 3 == 0 {
                list.pin_conversation(&row, number % 2 == 0).await.unwrap();
            }
        }
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
