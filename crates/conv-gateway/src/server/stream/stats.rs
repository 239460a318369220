//! Numbers of streams and long polls.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::server::stats::GatewayStats;

/// Numbers of streams and long polls since the gateway was built. See
/// [`Gateway::stream_stats`](crate::Gateway::stream_stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StreamStats {
    /// Streams that are open.
    pub lines_open: u64,
    /// Streams opened so far.
    pub lines_opened: u64,
    /// Long polls that wait.
    pub polls_open: u64,
    /// Long polls so far.
    pub polls: u64,
    /// Streams so far that the client ended.
    pub ended_gone: u64,
    /// Streams so far that ended because the process drains, or its lists were closed.
    pub ended_drain: u64,
    /// Streams so far that were old enough.
    pub ended_age: u64,
    /// Streams so far whose client took nothing for too long.
    pub ended_slow: u64,
    /// Streams so far whose login ended.
    pub ended_expired: u64,
    /// Streams so far that a newer one of the same account replaced.
    pub ended_replaced: u64,
    /// Positions so far that were answered with steps.
    pub resumed_patch: u64,
    /// Positions so far that were answered with the difference of a window.
    pub resumed_sync: u64,
    /// Positions so far that were answered with all rows.
    pub resumed_reset: u64,
    /// Updates handed to clients so far.
    pub updates: u64,
    /// The bytes of all events handed to clients so far.
    pub bytes: u64,
    /// Times so far that a client took nothing for too long.
    pub write_stalls: u64,
    /// Updates made into JSON so far: one serves all readers of the same rows.
    pub serialisations: u64,
}

/// The counters; each is independent of the others.
#[derive(Debug)]
pub(in crate::server) struct Counters {
    /// The gateway's numbers, which count streams as well.
    stats: GatewayStats,
    lines: Opened,
    polls: Opened,
    ended: [AtomicU64; 6],
    resumed: [AtomicU64; 3],
    updates: AtomicU64,
    bytes: AtomicU64,
    write_stalls: AtomicU64,
    serialisations: AtomicU64,
}

#[derive(Debug, Default)]
struct Opened {
    now: AtomicU64,
    all: AtomicU64,
}

/// The reason for the end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum End {
    /// The client ended it.
    Gone,
    Drain,
    Age,
    Slow,
    Expired,
    Replaced,
}

/// The kind of answer to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Resumed {
    Patch,
    Sync,
    Reset,
}

impl Resumed {
    /// As the event is called.
    pub(in crate::server) fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Sync => "sync",
            Self::Reset => "reset",
        }
    }
}

impl End {
    /// As `bye` says it.
    pub(in crate::server) fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Drain => "drain",
            Self::Age => "age",
            Self::Slow => "slow",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
        }
    }
}

impl Counters {
    pub(in crate::server) fn new(stats: GatewayStats) -> Self {
        Self {
            stats,
            lines: Opened::default(),
            polls: Opened::default(),
            ended: Default::default(),
            resumed: Default::default(),
            updates: AtomicU64::default(),
            bytes: AtomicU64::default(),
            write_stalls: AtomicU64::default(),
            serialisations: AtomicU64::default(),
        }
    }

    pub(in crate::server) fn line_opened(&self) {
        self.lines.open();
        self.stats.line_opened("sse");
    }

    pub(in crate::server) fn line_ended(&self, end: End) {
        self.stats.line_ended("sse", end.as_str());
        self.lines.now.fetch_sub(1, Relaxed);
        if let Some(count) = self.ended.get(end as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(in crate::server) fn poll_opened(&self) {
        self.polls.open();
        self.stats.line_opened("poll");
    }

    pub(in crate::server) fn poll_ended(&self) {
        self.polls.now.fetch_sub(1, Relaxed);
        self.stats.line_ended("poll", "answered");
    }

    pub(in crate::server) fn resumed(&self, outcome: Resumed) {
        self.stats.resumed(outcome.as_str());
        if let Some(count) = self.resumed.get(outcome as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(in crate::server) fn update_sent(&self) {
        self.updates.fetch_add(1, Relaxed);
        self.stats.update_sent();
    }

    pub(in crate::server) fn bytes_sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.stats.bytes_sent(bytes);
    }

    pub(in crate::server) fn write_stalled(&self) {
        self.write_stalls.fetch_add(1, Relaxed);
        self.stats.write_stalled();
    }

    pub(in crate::server) fn serialised(&self) {
        self.serialisations.fetch_add(1, Relaxed);
    }

    pub(in crate::server) fn read(&self) -> StreamStats {
        let [ended_gone, ended_drain, ended_age, ended_slow, ended_expired, ended_replaced] =
            self.ended.each_ref().map(|count| count.load(Relaxed));
        let [resumed_patch, resumed_sync, resumed_reset] =
            self.resumed.each_ref().map(|count| count.load(Relaxed));
        StreamStats {
            lines_open: self.lines.now.load(Relaxed),
            lines_opened: self.lines.all.load(Relaxed),
            polls_open: self.polls.now.load(Relaxed),
            polls: self.polls.all.load(Relaxed),
            ended_gone,
            ended_drain,
            ended_age,
            ended_slow,
            ended_expired,
            ended_replaced,
            resumed_patch,
            resumed_sync,
            resumed_reset,
            updates: self.updates.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            write_stalls: self.write_stalls.load(Relaxed),
            serialisations: self.serialisations.load(Relaxed),
        }
    }
}

impl Opened {
    fn open(&self) {
        self.now.fetch_add(1, Relaxed);
        self.all.fetch_add(1, Relaxed);
    }
}
