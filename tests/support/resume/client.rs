//! A client, as one at the other end of a connection is: it has its rows and a position, no more.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use conv_api::{
    Conversation, ConversationQuery, ConversationStore, LiveList, LiveUpdate, ResumeFrom,
    testing::server::Process,
};

use super::Broken;

pub struct Client {
    query: ConversationQuery,
    window: Option<usize>,
    rows: Vec<Arc<Conversation>>,
    from: Option<ResumeFrom>,
    live: LiveList,
    /// The process that it reads from.
    pub at: usize,
}

impl Client {
    pub fn new(query: ConversationQuery, window: Option<usize>, process: &Process) -> Self {
        let live = subscribe(&query, window, process);
        Self { query, window, rows: Vec::new(), from: None, live, at: 0 }
    }

    /// Reads all there is; then its rows are those of the process.
    pub fn read(&mut self, process: &Process) -> Result<(), Broken> {
        while let Some(update) = next(&mut self.live) {
            self.take(&update)?;
        }
        let mut expected = process.store.snapshot().list(&self.query);
        expected.truncate(self.window.unwrap_or(usize::MAX));
        if self.rows == expected { Ok(()) } else { Err(Broken::Rows) }
    }

    /// Comes back, to the same process or another one.
    pub fn come_back(&mut self, at: usize, process: &Process, counts: bool) -> Result<(), Broken> {
        let live = subscribe(&self.query, self.window, process);
        self.live = match self.from {
            Some(from) if counts => live.resume(from),
            Some(from) => live.resume(from.position),
            None => live,
        };
        self.at = at;
        let update = next(&mut self.live).ok_or(Broken::Silence)?;
        self.take(&update)?;
        self.read(process)
    }

    fn take(&mut self, update: &LiveUpdate) -> Result<(), Broken> {
        update.apply(&mut self.rows).map_err(|_| Broken::Misfit)?;
        let count = update.totals.conversations;
        self.from = update.position.map(|it| ResumeFrom::from(it).with_conversations(count));
        Ok(())
    }
}

fn subscribe(query: &ConversationQuery, window: Option<usize>, process: &Process) -> LiveList {
    let live = process.conversations.subscribe(query.clone());
    match window {
        Some(rows) => live.window(rows),
        None => live,
    }
}

/// The next update, if there is one now.
fn next(live: &mut LiveList) -> Option<LiveUpdate> {
    let mut next = pin!(live.next());
    match Pin::as_mut(&mut next).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(update) => update,
        Poll::Pending => None,
    }
}
