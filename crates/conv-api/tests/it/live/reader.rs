//! A reader that folds what it gets and compares it with the list.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use conv_api::{
    Conversation, ConversationQuery, Conversations, LiveChange, LiveList, LiveUpdate, Patch,
    Totals, model::Seq,
};
use futures_core::Stream;

/// Polls once, as no task.
pub fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

#[derive(Debug)]
pub struct Reader {
    pub live: LiveList,
    pub rows: Vec<Arc<Conversation>>,
    pub totals: Totals,
    pub seq: Seq,
    pub resets: usize,
    query: ConversationQuery,
    window: Option<usize>,
}

impl Reader {
    pub fn new(
        conversations: &Conversations,
        query: impl Into<ConversationQuery>,
        window: Option<usize>,
    ) -> Self {
        let query = query.into();
        let live = conversations.subscribe(query.clone());
        Self {
            live: match window {
                Some(rows) => live.window(rows),
                None => live,
            },
            rows: Vec::new(),
            totals: Totals::default(),
            seq: Seq::ZERO,
            resets: 0,
            query,
            window,
        }
    }

    /// Reads all there is; then the rows and totals must be those of the list.
    #[track_caller]
    pub fn read(&mut self, conversations: &Conversations) {
        while let Poll::Ready(update) = poll(&mut self.live) {
            self.take(update.unwrap(), conversations);
        }
        let snapshot = conversations.snapshot();
        let mut expected = snapshot.list(&self.query);
        let totals: Totals = expected.iter().map(AsRef::as_ref).collect();
        expected.truncate(self.window.unwrap_or(usize::MAX));
        assert_eq!(self.rows, expected, "{:?}", self.query);
        assert_eq!(self.totals, totals);
        assert_eq!(conversations.totals(self.query.clone()), totals);
    }

    #[track_caller]
    fn take(&mut self, update: LiveUpdate, conversations: &Conversations) {
        let snapshot = conversations.snapshot();
        assert_eq!(update.seq, snapshot.seq());
        match &update.change {
            LiveChange::Reset { .. } | LiveChange::Sync { .. } => {
                self.resets += 1;
                update.apply(&mut self.rows).unwrap();
            }
            LiveChange::Patch { patches } => {
                if let Some(commits) = snapshot.changes_since(self.seq) {
                    let touched: usize = commits.iter().map(|commit| commit.changes.len()).sum();
                    assert!(patches.len() <= 2 * touched, "{patches:#?}");
                }
                assert!(!patches.is_empty() || update.totals != self.totals, "says something");
                patches.iter().for_each(|patch| self.step(patch));
            }
        }
        (self.seq, self.totals) = (update.seq, update.totals);
    }

    #[track_caller]
    fn step(&mut self, patch: &Patch) {
        if let Patch::Update { index, row } = patch {
            assert_ne!(self.rows[*index], *row, "an update changes something");
        }
        if let Patch::Move { from, to, .. } = patch {
            assert_ne!(from, to, "a move moves");
        }
        patch.apply(&mut self.rows).unwrap();
        assert!(self.rows.len() <= self.window.unwrap_or(usize::MAX), "never more than the window");
    }
}
