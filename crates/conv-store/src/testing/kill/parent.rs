//! The parent's part: starts children, kills them, compares.

use std::{
    collections::hash_map::RandomState,
    env,
    hash::{BuildHasher, Hasher},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use super::{
    super::{Failure, TestResult, failure::ensure},
    FOLDER, KILLS, Kind, Line, Moment, Numbers, Promise, ROUND,
};

/// The default number of children to kill.
const ROUNDS: usize = 24;
/// An opening takes about so long.
const OPENING_MS: u64 = 40;
/// A write takes about so long.
const WRITE_US: u64 = 1500;

/// Runs and kills children one after another in one folder; a last one only looks.
pub(super) fn rounds(
    module: &str,
    promise: Promise,
    moment: impl Fn(usize) -> Moment,
) -> TestResult {
    let folder = tempfile::tempdir()?;
    let rounds = env::var(KILLS).map_or(Ok(ROUNDS), |kills| kills.parse())?;
    let (mut promised, mut writes) = (Numbers::new(), 0);
    for round in 0..rounds {
        let said = Run::start(module, folder.path(), round + 1)?.killed(moment(round))?;
        writes += said.done.len();
        check(&promised, &said.found, promise, round)?;
        for (key, number) in said.done {
            promised.insert(key, number);
        }
    }
    let said = Run::start(module, folder.path(), 0)?.ended()?;
    ensure!(!said.found.is_empty(), "the last child reports nothing");
    ensure!(writes > 0, "no child wrote anything");
    check(&promised, &said.found, promise, rounds)
}

/// Checks what a child found. A child that was killed before it reported anything is passed over:
/// the next one is checked.
fn check(promised: &Numbers, found: &Numbers, promise: Promise, round: usize) -> TestResult {
    for (key, number) in found {
        let is_promised = promise == Promise::All || matches!(key.1, Kind::Draft | Kind::Mutation);
        let least = promised.get(key).copied().filter(|_| is_promised).unwrap_or_default();
        ensure!(
            *number >= least,
            "round {round}: {key:?} {least} was acknowledged, {number} is there"
        );
    }
    Ok(())
}

/// The report of a child.
#[derive(Debug, Default)]
struct Said {
    found: Numbers,
    done: Numbers,
}

impl Said {
    fn take(&mut self, line: Line) -> TestResult {
        match line {
            Line::Found(store, kind, number) => drop(self.found.insert((store, kind), number)),
            Line::Done(store, kind, number) => drop(self.done.insert((store, kind), number)),
            Line::Open => {}
            Line::Amiss(what) => return Err(Failure::new(what)),
        }
        Ok(())
    }
}

/// A child that runs.
struct Run {
    child: Child,
    output: BufReader<ChildStdout>,
    said: Said,
}

impl Run {
    fn start(module: &str, folder: &Path, round: usize) -> Result<Self, Failure> {
        let (_, module) = module.split_once("::").unwrap_or(("", module));
        let test = if module.is_empty() { "child".to_owned() } else { format!("{module}::child") };
        let mut child = Command::new(env::current_exe()?)
            .args(["--exact", &test, "--include-ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().ok_or_else(|| Failure::new("a child has no output"))?;
        Ok(Self { child, output: BufReader::new(output), said: Said::default() })
    }

    fn killed(mut self, moment: Moment) -> Result<Said, Failure> {
        let random = RandomState::new().build_hasher().finish();
        match moment {
            Moment::Opening => thread::sleep(Duration::from_millis(random % OPENING_MS)),
            Moment::After(count) => {
                self.read(count)?;
                thread::sleep(Duration::from_micros(random % WRITE_US));
            }
        }
        self.child.kill()?;
        self.ended()
    }

    /// Reads all that is left, once the child ends.
    fn ended(mut self) -> Result<Said, Failure> {
        self.read(usize::MAX)?;
        self.child.wait()?;
        Ok(self.said)
    }

    /// Reads so many acknowledgements, or all there are.
    fn read(&mut self, count: usize) -> TestResult {
        let (mut line, mut seen) = (String::new(), 0);
        while seen < count {
            line.clear();
            if self.output.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some(line) = Line::parse(&line) else { continue };
            seen += usize::from(matches!(line, Line::Done(..)));
            self.said.take(line)?;
        }
        Ok(())
    }
}
