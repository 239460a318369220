//! `kill -9` of a node: its readers go on at another one.
//!
//! The test runs itself as a child: a node that watches the list, and says where its reader is.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use conv_api::{LiveChange, WatchLevel, Work};

use super::stage::{Access, Node, Stage, alice};
use crate::support::soon;

const ACCESS: &str = "CONV_NODES_ACCESS";

/// A node that lives until it is killed.
#[tokio::test]
#[ignore = "a child process: run and killed by the tests of nodes"]
async fn node() {
    let Ok(access) = env::var(ACCESS) else { return };
    let words: Vec<String> = access.split('\n').map(str::to_owned).collect();
    let [prefix, cloud, app, admin, key, urls @ ..] = &*words else { return };
    let access = Access {
        urls: urls.to_vec(),
        prefix: prefix.clone(),
        cloud: cloud.clone(),
        app: app.parse().unwrap(),
        admin: admin.clone(),
        key: key.clone(),
    };
    let node = Node::new(&access).await;
    let watch = node.accounts.watch(&alice(), WatchLevel::Visible).await.unwrap();
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    let reader = node.reader().await;
    println!("reader {} {} .", reader.from.position, reader.from.conversations.unwrap());
    // It hears marks, and pulls.
    std::future::pending::<()>().await;
}

struct Running(Child, BufReader<ChildStdout>);

impl Running {
    fn start(access: &Access) -> Self {
        let Access { urls, prefix, cloud, app, admin, key } = access;
        let mut words = vec![prefix.clone(), cloud.clone(), app.to_string(), admin.clone()];
        words.push(key.clone());
        words.extend(urls.iter().cloned());
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "nodes::killed::node", "--ignored", "--nocapture"])
            .env(ACCESS, words.join("\n"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    /// Waits for the position of its reader, and the number of rows there.
    fn reader(&mut self) -> (String, u64) {
        for line in (&mut self.1).lines() {
            let line = line.unwrap();
            let said = line.split_once("reader ").and_then(|(_, it)| it.strip_suffix(" ."));
            if let Some((position, rows)) = said.and_then(|said| said.split_once(' ')) {
                return (position.to_owned(), rows.parse().unwrap());
            }
        }
        panic!("the node ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_a_node_that_is_killed_go_on_at_another_without_the_cloud() {
    let Some(stage) = Stage::new("killed").await else { return };
    let [a, b] = stage.two().await;
    let watch = b.accounts.watch(&alice(), WatchLevel::Visible).await.unwrap();
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    let mut reader = b.reader().await;

    let mut running = Running::start(&stage.access());
    let (position, rows) = running.reader();
    // A device that read at that node holds the same rows.
    reader.from = conv_api::ResumeFrom::from(position.parse::<conv_api::Position>().unwrap())
        .with_conversations(rows);
    reader.rows = b.list().await.snapshot().rows().take(5).cloned().collect();
    let said = stage.say();
    let reached = watch.newest_reached();
    b.accounts.mark(&alice(), Work::Listing);
    soon(watch.reached_after(reached)).await.unwrap();
    drop(running);

    let calls = stage.cloud.calls().total;
    for node in [&b, &a] {
        let (from, rows) = (reader.from, reader.rows.clone());
        let change = reader.resume(node).await;
        assert!(!matches!(change, LiveChange::Reset { .. }), "{change:?}");
        (reader.from, reader.rows) = (from, rows);
    }
    reader.follow(&b, &b).await;
    assert!(said.is_in(&reader.rows), "{said:?}");
    assert_eq!(stage.cloud.calls().total, calls);

    // And what comes later is pulled there.
    let said = stage.say();
    b.accounts.mark(&alice(), Work::Listing);
    soon(async {
        while !said.is_in(&reader.rows) {
            reader.resume(&b).await;
            tokio::task::yield_now().await;
        }
    })
    .await;
}
