//! A cluster.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::{NodeOptions, TestError, TestNode};

/// Longer than any cluster takes to come together.
const PATIENCE: Duration = Duration::from_secs(60);
/// The number of slots of a cluster.
const SLOTS: usize = 16_384;

/// A cluster of masters, each with as many replicas, on loopback.
#[derive(Debug)]
pub struct TestCluster {
    /// The initial masters in the order of their slots, then the replicas of each.
    pub nodes: Vec<TestNode>,
    masters: usize,
}

impl TestCluster {
    /// Starts a cluster, and waits until all its nodes agree on it.
    ///
    /// # Errors
    /// If it did not start.
    pub fn start(masters: usize, replicas_each: usize) -> Result<Self, TestError> {
        let config =
            ["cluster-enabled yes", "cluster-node-timeout 1500", "repl-diskless-sync-delay 0"];
        let options =
            NodeOptions { config: config.map(str::to_owned).into(), ..NodeOptions::default() };
        let count = masters * (1 + replicas_each);
        let nodes: Result<Vec<_>, _> =
            (0..count).map(|_| TestNode::start(options.clone())).collect();
        let cluster = Self { nodes: nodes?, masters };
        cluster.meet()?;
        cluster.until("all nodes know each other", |node| {
            let known: String = node.call(&["CLUSTER", "NODES"])?;
            Ok(known.lines().filter(|line| !line.contains("handshake")).count() == count)
        })?;
        cluster.replicate()?;
        cluster.until("all slots are served", |node| {
            let info: String = node.call(&["CLUSTER", "INFO"])?;
            let replication: String = node.call(&["INFO", "replication"])?;
            let is_linked = !replication.contains("master_link_status:down");
            Ok(info.contains("cluster_state:ok") && is_linked)
        })?;
        Ok(cluster)
    }

    /// The addresses of all nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(TestNode::url).collect()
    }

    /// The node that serves the slot of a key now, as the others see it.
    ///
    /// # Errors
    /// That no node can be asked, or none serves it.
    pub fn master_of(&self, key: &str) -> Result<usize, TestError> {
        let node = self.nodes.iter().find(|node| node.is_running()).ok_or("no node runs")?;
        let slot: u16 = node.call(&["CLUSTER", "KEYSLOT", key])?;
        let nodes: String = node.call(&["CLUSTER", "NODES"])?;
        let serving = nodes.lines().find(|line| serves(line, slot)).ok_or("no node serves it")?;
        let port = port_of(serving).ok_or("a node without a port")?;
        let at = self.nodes.iter().position(|node| node.port() == port);
        at.ok_or_else(|| "a node of somebody else's".into())
    }

    /// Waits until something is true of all nodes that run.
    ///
    /// # Errors
    /// That it never comes.
    pub fn until(
        &self,
        what: &str,
        is_true: impl Fn(&TestNode) -> Result<bool, TestError>,
    ) -> Result<(), TestError> {
        let begun = Instant::now();
        for node in self.nodes.iter().filter(|node| node.is_running()) {
            while !is_true(node).unwrap_or(false) {
                if begun.elapsed() > PATIENCE {
                    return Err(format!("it never comes that {what}").into());
                }
                sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    fn meet(&self) -> Result<(), TestError> {
        let first = self.nodes.first().ok_or("a cluster of nothing")?;
        for (at, node) in self.nodes.iter().enumerate() {
            let epoch = (at + 1).to_string();
            node.call::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch])?;
            if at < self.masters {
                let from = SLOTS * at / self.masters;
                let to = SLOTS * (at + 1) / self.masters - 1;
                let [from, to] = [from, to].map(|slot| slot.to_string());
                node.call::<()>(&["CLUSTER", "ADDSLOTSRANGE", &from, &to])?;
            }
            if at > 0 {
                let port = first.port().to_string();
                node.call::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port])?;
            }
        }
        Ok(())
    }

    fn replicate(&self) -> Result<(), TestError> {
        let (masters, replicas) = self.nodes.split_at(self.masters);
        for (at, replica) in replicas.iter().enumerate() {
            let master = masters.get(at % self.masters).ok_or("no master")?;
            let id: String = master.call(&["CLUSTER", "MYID"])?;
            replica.call::<()>(&["CLUSTER", "REPLICATE", &id])?;
        }
        Ok(())
    }
}

/// Returns true if a line such as `id 127.0.0.1:7000@17000 master - 0 0 1 connected 0-5460` is of a
/// node that serves a slot.
fn serves(line: &str, slot: u16) -> bool {
    let ranges = line.split(' ').skip(8);
    let flags = line.split(' ').nth(2).unwrap_or_default();
    flags.contains("master")
        && !flags.contains("fail")
        && ranges.filter(|range| !range.starts_with('[')).any(|range| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let bounds = from.parse::<u16>().ok().zip(to.parse::<u16>().ok());
            bounds.is_some_and(|(from, to)| (from..=to).contains(&slot))
        })
}

fn port_of(line: &str) -> Option<u16> {
    let address = line.split(' ').nth(1)?;
    let (_, port) = address.split('@').next()?.rsplit_once(':')?;
    port.parse().ok()
}
