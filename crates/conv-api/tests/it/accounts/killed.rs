//! A host of many accounts, killed in mid-flight: all of them are whole afterwards.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use conv_api::{AccountId, Accounts, Coverage, SledDatabase};

use super::{Clouds, account, shown};
use crate::support::id;

const FOLDER: &str = "CONV_HOST_FOLDER";
const ACCOUNTS: usize = 60;
const ROUNDS: usize = 6;

fn names() -> Vec<AccountId> {
    (0..ACCOUNTS).map(|n| account(format!("user_{n}"))).collect()
}

async fn accounts(folder: PathBuf) -> (Arc<Clouds>, Accounts) {
    let clouds = Clouds::new(&names(), 25);
    let database = SledDatabase::open(folder).await.unwrap();
    let builder = Accounts::builder(Arc::new(database), Arc::clone(&clouds));
    (clouds, builder.memory_budget(100_000).build())
}

/// Works until it is killed; says which drafts are durable.
#[tokio::test]
#[ignore = "a child process: run and killed by every_account_is_whole_after_its_host_was_killed"]
async fn host() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let (_, accounts) = accounts(folder.into()).await;
    for round in 0_u64.. {
        for name in names() {
            if fastrand::bool() {
                accounts.request_sync(&name).unwrap();
            }
            let list = accounts.open(&name).await.unwrap();
            list.set_draft(&id("C2Calice"), &round.to_string()).await.unwrap();
            println!("durable {name} {round} .");
        }
    }
}

#[test]
fn every_account_is_whole_after_its_host_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let mut durable = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut host = Command::new(env::current_exe().unwrap())
            .args(["--exact", "accounts::killed::host", "--ignored", "--nocapture"])
            .env(FOLDER, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(host.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        // Lines that the pipe still holds after the kill were acknowledged, too.
        for line in lines.map_while(Result::ok) {
            if let Some((name, draft)) = parse(&line) {
                durable.insert(name, draft);
                acknowledged += 1;
            }
            if acknowledged == 40 + 35 * round {
                host.kill().unwrap();
            }
        }
        host.wait().unwrap();
        assert!(acknowledged >= 40 + 35 * round, "the host works until it is killed");
        check(path.clone(), &mut durable);
    }
}

fn parse(line: &str) -> Option<(AccountId, u64)> {
    let words = line.split_once("durable ")?.1.strip_suffix(" .")?;
    let (name, draft) = words.split_once(' ')?;
    Some((account(name), draft.parse().ok()?))
}

/// Opens what is left: no row is another's, no draft is older than the one that was durable, and
/// every account can be pulled to its end.
#[tokio::main(flavor = "current_thread")]
async fn check(folder: PathBuf, durable: &mut BTreeMap<AccountId, u64>) {
    let (clouds, accounts) = accounts(folder).await;
    for name in names() {
        let list = accounts.open(&name).await.unwrap();
        assert_ne!(list.sync_report().coverage, Coverage::Complete, "what is found is a preview");
        let truth = clouds.truth(&name);
        for row in shown(&list) {
            let is_true = |it: &(String, u64, String)| {
                // A name may not have been read yet.
                (&it.0, it.1) == (&row.0, row.1) && (row.2.is_empty() || it.2 == row.2)
            };
            assert!(truth.iter().any(is_true), "{row:?} of {name}");
        }
        if let Some(expected) = durable.get(&name) {
            let draft =
                list.snapshot().local(&id("C2Calice")).unwrap().draft_text().cloned().unwrap();
            // The next one may be durable without having been reported.
            let found: u64 = draft.parse().unwrap();
            assert!([*expected, expected + 1].contains(&found), "{found} for {expected} of {name}");
        }
    }
    let refreshed = accounts.refresh_all(names(), Duration::ZERO).await.unwrap();
    assert_eq!(refreshed.finished, ACCOUNTS);
    for name in names() {
        assert_eq!(shown(&accounts.open(&name).await.unwrap()), clouds.truth(&name));
    }
    // The next host starts counting from zero.
    for name in names() {
        accounts.forget(&name).await.unwrap();
    }
    durable.clear();
    accounts.close().await.unwrap();
}
