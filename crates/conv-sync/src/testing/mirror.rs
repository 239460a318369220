//! A source that keeps a list itself and gives the changes since a position, as a gateway does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use conv_model::{
    AccountId, ConversationId, Coverage, Cursor, ListLimit, Rank, SkippedRow, Timestamp,
};

use super::{NOW, row};
use crate::{
    Capabilities, Changes, ChangesRequest, ConversationSource, CursorPromise, FullProfile, Groups,
    HydrateRequest, Hydrated, ListingOrder, Page, ProfileRequest, PullRequest, SourceError,
    SourceRow, Upstream,
};

/// A call that a [`MirrorSource`] answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MirrorCall {
    /// A page, at a cursor.
    Pull(Option<Cursor>),
    /// The changes since a position.
    Changes(Cursor),
}

/// A list at a source that keeps it itself: its pages are live, and name their place by row.
#[derive(Debug)]
pub struct MirrorSource {
    page_size: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rows: BTreeMap<ConversationId, SourceRow>,
    /// The number of the last change of each row that is or was there.
    log: BTreeMap<ConversationId, u64>,
    epoch: u64,
    number: u64,
    /// Changes up to this number are forgotten.
    oldest: u64,
    coverage: Coverage,
    skipped: Vec<SkippedRow>,
    is_withdrawn: bool,
    counts_more: u64,
    /// Changes of the list, to make before the next calls are answered.
    between: Vec<(ConversationId, Option<Timestamp>)>,
    answers: Vec<Result<Changes, SourceError>>,
    calls: Vec<MirrorCall>,
}

impl MirrorSource {
    /// Makes a complete list of `count` users, each a second older than the one before.
    pub fn with_rows(count: u32) -> Self {
        let source = Self {
            page_size: 100,
            inner: Mutex::new(Inner {
                rows: BTreeMap::new(),
                log: BTreeMap::new(),
                epoch: 1,
                number: 0,
                oldest: 0,
                coverage: Coverage::Complete,
                skipped: Vec::new(),
                is_withdrawn: false,
                counts_more: 0,
                between: Vec::new(),
                answers: Vec::new(),
                calls: Vec::new(),
            }),
        };
        for n in 0..count {
            if let Ok(id) = ConversationId::c2c(&format!("user_{n:04}")) {
                let time = NOW.as_secs().saturating_sub(u64::from(n));
                source.set(id, Timestamp::from_secs(time));
            }
        }
        source
    }

    /// Sets the page size; 100 by default.
    #[must_use]
    pub fn page_size(self, rows: usize) -> Self {
        Self { page_size: rows.max(1), ..self }
    }

    /// Lists a row with a time.
    pub fn set(&self, id: ConversationId, time: Timestamp) {
        self.lock().change(id, Some(time));
    }

    /// Takes a row from the list.
    pub fn remove(&self, id: &ConversationId) {
        self.lock().change(id.clone(), None);
    }

    /// Makes a change right after the next page was answered.
    pub fn change_after_a_page(&self, id: ConversationId, time: Option<Timestamp>) {
        self.lock().between.push((id, time));
    }

    /// Forgets the changes so far.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.oldest = inner.number;
    }

    /// Makes it another list, whose numbers begin again.
    pub fn renew(&self) {
        let mut inner = self.lock();
        inner.epoch += 1;
        (inner.number, inner.oldest) = (0, 0);
        inner.log.clear();
    }

    /// Sets the coverage; complete at first.
    pub fn set_coverage(&self, coverage: Coverage) {
        self.lock().coverage = coverage;
    }

    /// Sets the rows that it could not read itself.
    pub fn set_skipped(&self, skipped: Vec<SkippedRow>) {
        self.lock().skipped = skipped;
    }

    /// Offers no changes from here on.
    pub fn withdraw(&self) {
        self.lock().is_withdrawn = true;
    }

    /// Counts more rows than there are.
    pub fn count_more(&self, rows: u64) {
        self.lock().counts_more = rows;
    }

    /// Scripts the next answer about changes.
    pub fn answer(&self, answer: Result<Changes, SourceError>) {
        self.lock().answers.insert(0, answer);
    }

    /// Returns the state that it gives now.
    pub fn upstream(&self) -> Upstream {
        self.lock().upstream()
    }

    /// Returns the IDs of the list.
    pub fn ids(&self) -> BTreeSet<ConversationId> {
        self.lock().rows.keys().cloned().collect()
    }

    /// Returns the times of the list.
    pub fn times(&self) -> BTreeMap<ConversationId, Timestamp> {
        let time = |row: &SourceRow| row.patch.listing.as_ref()?.time;
        let inner = self.lock();
        inner.rows.iter().filter_map(|(id, row)| Some((id.clone(), time(row)?))).collect()
    }

    /// Takes the calls that were answered so far, oldest first.
    pub fn take_calls(&self) -> Vec<MirrorCall> {
        std::mem::take(&mut self.lock().calls)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn change(&mut self, id: ConversationId, time: Option<Timestamp>) {
        self.number += 1;
        self.log.insert(id.clone(), self.number);
        match time {
            Some(time) => drop(self.rows.insert(id.clone(), row(id, time))),
            None => drop(self.rows.remove(&id)),
        }
    }

    fn position(&self) -> Cursor {
        Cursor::new(format!("{}.{}", self.epoch, self.number))
    }

    fn upstream(&self) -> Upstream {
        Upstream {
            coverage: self.coverage,
            as_of: Some(NOW),
            limit: vec![ListLimit::Capped(500)],
            skipped: self.skipped.clone(),
            conversations: Some(self.rows.len() as u64 + self.counts_more),
            position: Some(self.position()),
        }
    }

    /// Returns the number of a position; an error if the changes since then are not known.
    fn number(&self, position: &Cursor) -> Result<u64, SourceError> {
        let parts = position.as_str().split_once('.').ok_or(SourceError::CursorExpired)?;
        let epoch: u64 = parts.0.parse().map_err(|_| SourceError::CursorExpired)?;
        let number: u64 = parts.1.parse().map_err(|_| SourceError::CursorExpired)?;
        let is_known = epoch == self.epoch && (self.oldest..=self.number).contains(&number);
        is_known.then_some(number).ok_or(SourceError::CursorExpired)
    }

    fn changes(&self, since: &Cursor) -> Result<Changes, SourceError> {
        let since = self.number(since)?;
        let is_plain = self.coverage == Coverage::Complete && self.skipped.is_empty();
        if since == self.number && is_plain {
            return Ok(Changes::default());
        }
        let changed = self.log.iter().filter(|(_, number)| **number > since).map(|(id, _)| id);
        let (mut rows, mut removed) = (Vec::new(), Vec::new());
        for id in changed {
            match self.rows.get(id) {
                Some(row) => rows.push(row.clone()),
                None => removed.push(id.clone()),
            }
        }
        Ok(Changes::new(rows, removed, self.upstream()))
    }

    fn page(&self, cursor: Option<&Cursor>, size: usize) -> Page {
        let time = |row: &SourceRow| row.patch.listing.as_ref().and_then(|listing| listing.time);
        let key = |row: &SourceRow| {
            let rank = Rank::new(false, time(row).unwrap_or_default());
            (rank, row.patch.id.clone())
        };
        let after = cursor.and_then(|cursor| {
            let (secs, id) = cursor.as_str().split_once(' ')?;
            let time = Timestamp::from_secs(secs.parse().ok()?);
            Some((Rank::new(false, time), id.parse().ok()?))
        });
        let mut rows: Vec<_> = self.rows.values().map(|row| (key(row), row)).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let is_last = rows.len() <= size;
        rows.truncate(size);
        let next = rows.last().filter(|_| !is_last).map(|(_, row)| {
            let secs = time(row).unwrap_or_default().as_secs();
            Cursor::new(format!("{secs} {}", row.patch.id))
        });
        let rows = rows.into_iter().map(|(_, row)| row.clone()).collect();
        let mut page = Page::new(rows, next, None);
        page.upstream = Some(self.upstream());
        page
    }
}

#[async_trait]
impl ConversationSource for MirrorSource {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            order: ListingOrder::NewestFirst,
            cursors: CursorPromise::Exact,
            facets: Vec::new(),
            offers_changes: true,
            ..Capabilities::default()
        }
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(MirrorCall::Pull(request.cursor.clone()));
        let page = inner.page(request.cursor.as_ref(), self.page_size);
        for (id, time) in std::mem::take(&mut inner.between) {
            inner.change(id, time);
        }
        Ok(page)
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(MirrorCall::Changes(request.since.clone()));
        if let Some(answer) = inner.answers.pop() {
            return answer;
        }
        if inner.is_withdrawn {
            return Err(SourceError::Unsupported { what: "changes".into() });
        }
        inner.changes(&request.since)
    }

    async fn hydrate(&self, _request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        Ok(Hydrated::default())
    }

    async fn profile(&self, _request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _account: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}
