//! The questions of the load client to its server, one line of JSON each, and the answers.

use serde::{Deserialize, Serialize};

use crate::cloud::Access;

/// The task of a child.
#[derive(Debug, Serialize, Deserialize)]
pub enum Serve {
    Gateway(Gateway),
    /// Streams without a list behind them.
    Bare,
}

/// A gateway in front of a cloud.
#[derive(Debug, Serialize, Deserialize)]
pub struct Gateway {
    pub cloud: Access,
    /// Connections per address.
    pub connections: usize,
    /// True for a store on disk.
    pub on_disk: bool,
    /// The token that webhooks are signed with.
    pub webhook_token: String,
}

/// Where a child listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listening {
    pub addresses: Vec<std::net::SocketAddr>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Pulls the lists of so many accounts, and gives each row a last message.
    Warm {
        from: usize,
        count: usize,
    },
    /// A message comes in each of so many accounts, one after the other.
    Touch {
        from: usize,
        count: usize,
    },
    /// Bare: each of so many streams gets an event of this size.
    Send {
        from: usize,
        count: usize,
        bytes: usize,
    },
    Stats,
}

/// The numbers of a child.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Microseconds of the processor.
    pub cpu: f64,
    pub resident: usize,
    /// Bytes of heap, if the child counts them.
    pub heap: Option<usize>,
    pub lines_open: u64,
    pub updates: u64,
    pub bytes: u64,
    pub serialisations: u64,
    pub resumed_patch: u64,
    pub resumed_sync: u64,
    pub resumed_reset: u64,
    /// Passes that run or wait.
    pub passes: usize,
    /// Calls of the cloud.
    pub calls: u64,
}
