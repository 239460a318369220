//! `conv watch` in a pipe.

use std::{
    io::{BufRead, BufReader},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{ACCOUNT, Cloud, Running};

const FOR_EVER: Duration = Duration::from_secs(60);

/// The lines of a run, and the IDs that they add up to.
struct Watch {
    running: Running,
    lines: mpsc::Receiver<String>,
    ids: Vec<String>,
}

impl Watch {
    fn of(cloud: &Cloud, arguments: &[&str]) -> Self {
        let arguments = [&["watch", "--every", "1"], arguments].concat();
        let mut running = Running::of(&mut cloud.conv(&arguments));
        let out = BufReader::new(running.0.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| sender.send(l)));
        Self { running, lines, ids: Vec::new() }
    }

    /// Reads on until the list is this one.
    #[track_caller]
    fn until(&mut self, ids: &[String]) -> Vec<Value> {
        let mut read = Vec::new();
        while read.is_empty() || self.ids != ids {
            let line = self.lines.recv_timeout(FOR_EVER).expect("the list never came to be");
            let update: Value = serde_json::from_str(&line).unwrap();
            self.take(&update);
            read.push(update);
        }
        read
    }

    fn take(&mut self, update: &Value) {
        if update["type"] == "reset" {
            let rows = update["rows"].as_array().unwrap();
            self.ids = rows.iter().map(|row| id(row).to_owned()).collect();
            return;
        }
        for patch in update["patches"].as_array().unwrap() {
            let at = |name: &str| patch[name].as_u64().map(|at| at as usize).unwrap();
            match patch["type"].as_str().unwrap() {
                "insert" => self.ids.insert(at("index"), id(&patch["row"]).to_owned()),
                "move" => {
                    let moved = self.ids.remove(at("from"));
                    assert_eq!(moved, id(&patch["row"]));
                    self.ids.insert(at("to"), moved);
                }
                "update" => assert_eq!(self.ids[at("index")], id(&patch["row"])),
                "remove" => assert_eq!(self.ids.remove(at("index")), id(patch)),
                other => panic!("{other}"),
            }
        }
    }
}

fn id(row: &Value) -> &str {
    row["conversationID"].as_str().unwrap()
}

#[test]
fn the_lines_add_up_to_the_clouds_list_while_it_moves() {
    let cloud = Cloud::of(60);
    let mut watch = Watch::of(&cloud, &[]);
    let first = watch.until(&cloud.truth());
    assert_eq!(first[0]["type"], "reset");

    let world = cloud.emulator.world();
    let last = cloud.truth().pop().unwrap();
    world.touch(ACCOUNT, &last).unwrap();
    world.touch(ACCOUNT, "C2Cnew_one").unwrap();
    world.remove(ACCOUNT, &cloud.truth()[20]).unwrap();
    world.pin(ACCOUNT, &cloud.truth()[30]).unwrap();
    let read = watch.until(&cloud.truth());
    assert!(read.iter().all(|update| update["type"] == "patch"));
    assert_eq!(read.last().unwrap()["totals"]["conversations"], 60);

    watch.running.interrupt();
    assert_eq!(watch.running.end().code, Some(0));
}

#[test]
fn a_window_and_a_query_hold_what_they_ask_for() {
    let cloud = Cloud::of(60);
    let mut watch = Watch::of(&cloud, &["--type", "group", "--limit", "5"]);
    let groups = |cloud: &Cloud| -> Vec<String> {
        cloud.truth().into_iter().filter(|id| id.starts_with("GROUP")).take(5).collect()
    };
    watch.until(&groups(&cloud));
    let below = cloud.truth().into_iter().rfind(|id| id.starts_with("GROUP")).unwrap();
    cloud.emulator.world().pin(ACCOUNT, &below).unwrap();
    cloud.emulator.world().touch(ACCOUNT, &below).unwrap();
    watch.until(&groups(&cloud));
    assert!(watch.ids.contains(&below));
}

#[test]
fn it_ends_after_so_many_updates_and_with_what_waiting_does_not_mend() {
    let cloud = Cloud::of(20);
    let ended = cloud.run(&["watch", "--updates", "1"]);
    assert_eq!((ended.code, ended.out.lines().count()), (Some(0), 1));
    let mut wrong = cloud.conv(&["watch", "--json"]);
    let wrong = crate::support::run(wrong.env("CONV_SECRET_KEY", "another key"));
    assert_eq!(wrong.code, Some(4), "{wrong:?}");
    let last: Value = serde_json::from_str(wrong.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["class"], "auth");
}

#[test]
fn it_waits_while_the_cloud_is_in_trouble_and_says_so_once() {
    use conv_emulator::{Fault, Rule};

    std::thread::scope(|scope| {
        for fault in [Fault::Html, Fault::Status(404), Fault::Code(12345)] {
            scope.spawn(move || {
                let cloud = Cloud::of(20);
                cloud.emulator.faults().push(Rule::always(fault.clone()).on(crate::support::LIST));
                let mut watch = Watch::of(&cloud, &[]);
                let mut said = BufReader::new(watch.running.0.stderr.take().unwrap()).lines();
                let first = said.next().unwrap().unwrap();
                assert!(first.contains("waiting for the cloud: "), "{fault:?}: {first}");
                // It has asked again, and said nothing.
                let calls = cloud.emulator.calls().of(crate::support::LIST);
                crate::support::until("another pull", || {
                    cloud.emulator.calls().of(crate::support::LIST) > calls + 1
                });
                cloud.emulator.faults().clear();
                let next = said.next().unwrap().unwrap();
                assert_eq!(next, "conv: the cloud answers again", "{fault:?}");
                watch.until(&cloud.truth());
                watch.running.interrupt();
                assert_eq!(said.count(), 0, "{fault:?}");
                assert_eq!(watch.running.end().code, Some(0));
            });
        }
    });
}
