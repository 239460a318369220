//! Damage of every kind: it opens, shows nothing that was never written, and heals.
//!
//! Copies of three databases are damaged by a seed. A child opens each, within a limit of time and
//! memory: a crash of its own, or one that hangs, is a failure of the test.
//!
//! `CONV_DAMAGES=2000` damages so many; `CONV_DAMAGE_SEED=7` one of them.

mod child;
mod harm;

use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// The default number of damaged databases.
const DAMAGES: u64 = 60;
/// A child that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn whatever_is_damaged_opens_and_heals() {
    let patients = child::Size::ALL.map(filled);
    let one = env::var("CONV_DAMAGE_SEED").ok().map(|seed| seed.parse().unwrap());
    let many: u64 = env::var("CONV_DAMAGES").map_or(DAMAGES, |count| count.parse().unwrap());
    let seeds = one.map_or(0..many, |seed: u64| seed..seed + 1);
    let mut outcomes = BTreeMap::<String, usize>::new();
    for seed in seeds {
        let (size, patient) = &patients[seed as usize % patients.len()];
        let folder = TempDir::new().unwrap();
        copy(patient.path(), folder.path());
        let harms = harm::suffer(folder.path(), seed);
        let is_whole = |name| bytes_of(folder.path(), name) == bytes_of(patient.path(), name);
        let mut command = child::command("verify", folder.path(), *size);
        command
            .env(child::LOG_IS_WHOLE, is_whole("local.log").to_string())
            .env(child::TALLY_IS_WHOLE, is_whole("rows.tally").to_string());
        let (said, succeeded) = run(command);
        assert!(succeeded, "seed {seed}, {size:?}, {harms:?}:\n{said}");
        let outcome = said.lines().find_map(|line| line.strip_prefix("outcome: "));
        let outcome = outcome.unwrap_or("nothing said");
        println!("seed {seed}, {size:?}, {harms:?}: {outcome}");
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
    println!("{outcomes:#?}");
    assert!(!outcomes.contains_key("nothing said"));
}

/// A database that a child wrote.
fn filled(size: child::Size) -> (child::Size, TempDir) {
    let folder = TempDir::new().unwrap();
    let (said, succeeded) = run(child::command("fill", folder.path(), size));
    assert_eq!(succeeded, !size.is_unclean(), "{said}");
    assert!(folder.path().join("rows/db").exists(), "{said}");
    (size, folder)
}

/// Returns the output of a child, and true if it ends well and in time.
fn run(mut command: Command) -> (String, bool) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = all_output(&mut child);
    let ended = output.recv_timeout(LIMIT);
    if ended.is_err() {
        child.kill().unwrap();
    }
    let succeeded = child.wait().unwrap().success() && ended.is_ok();
    (ended.unwrap_or_else(|_| "it hangs".to_owned()), succeeded)
}

/// Both streams, once both have ended.
fn all_output(child: &mut Child) -> mpsc::Receiver<String> {
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let errors = thread::spawn(move || {
            let mut said = Vec::new();
            err.read_to_end(&mut said).map(|_| said)
        });
        let mut said = Vec::new();
        out.read_to_end(&mut said).unwrap();
        said.extend(errors.join().unwrap().unwrap());
        let _ = send.send(String::from_utf8_lossy(&said).into_owned());
    });
    receive
}

fn bytes_of(folder: &Path, name: &str) -> Option<Vec<u8>> {
    fs::read(folder.join(name)).ok()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
