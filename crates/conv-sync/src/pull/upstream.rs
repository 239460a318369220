//! Passes over a source that keeps the list itself, as a gateway keeps that of a cloud.
//!
//! * **A refresh is one call.** If the rows held are those of a position of the source, the pass asks
//!   for the changes since then. It lists the whole list where the source does not know them.
//! * **Changes close a listing.** A row may slip from page to page of a list that lives, so a listing of
//!   several pages ends with the changes since its first page instead of a second listing. If that
//!   position is too old by then, the next listing ends so; if the source offers no changes, two whole
//!   listings must agree.
//! * **A position is of whole rows alone.** It is stored only if the list held is what the source had
//!   there: after one reply, or after changes on top of such a list; not if a row could not be read,
//!   nor after a listing of an incomplete list, which removes no row.
//! * **Counts must agree.** The rows held and the changes must lead to as many rows as the source
//!   counts. Otherwise the pass lists the whole list and reports it. A difference that the listing does not
//!   mend is noted, and not listed for again.

use std::{collections::BTreeSet, mem, time::Duration};

use conv_model::{
    ConversationId, Coverage, Cursor, Delta, ErrorClass, Finished, Seq, SkippedRow, SyncScope,
    SyncState, UpstreamEnd, UpstreamPosition,
};
use serde::{Deserialize, Serialize};

use super::{
    CallId, Effect, MAX_LISTINGS, Pull, Stage, calls::Call, ending::Ending, listing::Seen,
    window::rank,
};
use crate::{Changes, PullOptions, SourceError, Upstream};

/// The maximum number of rows that a pass reads of a source that keeps the list itself: its own limit
/// applies, not the plan's.
const MAX_ROWS: u32 = 10_000;

/// The pass's knowledge of a source that keeps the list itself; empty for a cloud.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Mirror {
    /// The last finished pass, whose time and limits still hold if nothing has changed.
    finished: Option<Finished>,
    /// The newest state that the source gave.
    pub(super) upstream: Option<Upstream>,
    /// True if the rows read are those of one instant, the position's.
    is_whole: bool,
    /// True if a row could not be read.
    has_skipped: bool,
    /// True if the source gave no changes to close a listing with.
    is_open: bool,
    /// The rows held after changes beyond those that the source counts.
    excess: i64,
}

impl Mirror {
    pub(super) fn new(state: &SyncState) -> Self {
        Self { finished: state.finished.clone(), ..Self::default() }
    }

    /// Takes in the state that a page gives: `is_first` of a listing, and `is_last` if none follows.
    /// A listing that ends early, because its head is as before, has not read all rows again.
    pub(super) fn page(&mut self, upstream: Option<Upstream>, is_first: bool, is_last: bool) {
        match (&mut self.upstream, upstream) {
            (known, upstream) if is_first => {
                *known = upstream;
                self.is_whole = is_last;
            }
            (Some(known), upstream) => {
                let upstream = upstream.unwrap_or_default();
                known.coverage = known.coverage.min(upstream.coverage);
                known.skipped = upstream.skipped;
                self.is_whole = false;
            }
            // Of a resumed listing, which a fresh one follows.
            (None, _) => {}
        }
    }

    pub(super) fn skipped(&mut self, rows: &[SkippedRow]) {
        self.has_skipped |= !rows.is_empty();
    }

    /// Returns true if no changes close the listings of this pass.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Returns true if the listing is of a source that keeps the list itself, and came in one reply.
    pub(super) fn is_of_one_instant(&self) -> bool {
        self.is_whole && self.upstream.is_some()
    }

    /// Returns true if the source is a cloud, or holds the whole list of one.
    pub(super) fn is_complete(&self) -> bool {
        self.upstream.as_ref().is_none_or(|upstream| upstream.coverage == Coverage::Complete)
    }

    pub(super) fn end(&self, ending: &Ending, listed: usize) -> Option<UpstreamEnd> {
        let upstream = self.upstream.as_ref()?;
        let is_kept = match ending {
            Ending::Listed { .. } => self.is_whole && self.is_complete(),
            Ending::Changed { .. } => true,
        };
        let since = upstream.position.clone().filter(|_| is_kept && !self.has_skipped);
        let position = since.map(|since| {
            let mut position = UpstreamPosition::new(since);
            position.conversations = upstream.conversations;
            position.excess = match ending {
                Ending::Changed { .. } => self.excess,
                Ending::Listed { .. } => {
                    upstream.conversations.map_or(0, |counted| difference(listed, counted))
                }
            };
            position
        });
        Some(UpstreamEnd::new(upstream.coverage, position))
    }
}

/// Returns the maximum number of rows to list.
pub(super) fn limit(options: &PullOptions, offers_changes: bool) -> u32 {
    if offers_changes { options.plan_limit.max(MAX_ROWS) } else { options.plan_limit }
}

/// Returns the stage in which a pass begins.
pub(super) fn first_stage(state: &SyncState, scope: SyncScope, offers_changes: bool) -> Stage {
    let stored = state.upstream.clone().filter(|_| offers_changes && state.scope == scope);
    match stored.filter(|_| state.checkpoint.is_none()) {
        Some(stored) => Stage::Refreshing { stored },
        None => Stage::Listing,
    }
}

impl Pull {
    /// Returns the position since which changes close the listing that has just ended.
    pub(super) fn closes_from(&self) -> Option<Cursor> {
        let may_close = self.capabilities.offers_changes && !self.mirror.is_open;
        let is_due = may_close && !self.listing.is_resumed() && self.listing.pages() > 1;
        self.mirror.upstream.as_ref()?.position.clone().filter(|_| is_due)
    }

    pub(super) fn on_changed(
        &mut self,
        now: Duration,
        (id, call): (CallId, Call),
        asked: Seq,
        answer: Result<Changes, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        let error = match answer {
            Ok(changes) => return self.take_in_changes(now, asked, changes, out),
            Err(error) => error,
        };
        match self.calls.pause(now, id, call, &error) {
            Ok(pause) => out.push(pause),
            Err(_) => self.give_up_changes(now, error, out),
        }
    }

    /// Ends a call for changes that may not be retried. The whole list is read instead, unless that
    /// would fail in the same way.
    fn give_up_changes(&mut self, now: Duration, error: SourceError, out: &mut Vec<Effect>) {
        use ErrorClass::{Auth, Cancelled, RateLimited, Transient};
        if matches!(error.class(), Auth | Cancelled | RateLimited | Transient) {
            return self.fail(error);
        }
        match self.stage {
            Stage::Closing { .. } => self.leave_open(now, &error, out),
            _ => self.list_instead(now, out),
        }
    }

    fn list_instead(&mut self, now: Duration, out: &mut Vec<Effect>) {
        self.stage = Stage::Listing;
        self.ask(now, out);
    }

    /// Goes on after a listing that no changes close: the whole list is listed again. If the position
    /// was too old, changes may close the next listing; else two listings must agree.
    fn leave_open(&mut self, now: Duration, error: &SourceError, out: &mut Vec<Effect>) {
        self.mirror.is_open = !matches!(error, SourceError::CursorExpired);
        self.keep_listed();
        self.stage = Stage::Listing;
        if self.listings >= MAX_LISTINGS {
            let delta = self.show(now, Seq::ZERO, Vec::new(), out);
            return self.end_pass(delta, Ending::Listed { is_capped: false });
        }
        self.listing = self.listing.fresh();
        self.ask(now, out);
    }

    /// Keeps the rows that the last listing met.
    fn keep_listed(&mut self) {
        self.keep.extend(self.previous.iter().flat_map(Seen::keys).cloned());
        self.keep.extend(self.listing.take_unread_ids());
    }

    fn take_in_changes(
        &mut self,
        now: Duration,
        asked: Seq,
        mut changes: Changes,
        out: &mut Vec<Effect>,
    ) {
        self.cloud_time.learn(changes.server_time, now);
        let listed: BTreeSet<_> = changes.rows.iter().map(|row| row.patch.id.clone()).collect();
        let removed = mem::take(&mut changes.removed).into_iter();
        let gone: BTreeSet<_> = removed.filter(|id| !listed.contains(id)).collect();
        match mem::replace(&mut self.stage, Stage::Listing) {
            Stage::Refreshing { stored } => self.refresh(now, asked, stored, changes, gone, out),
            Stage::Closing { .. } => self.close(now, asked, changes, &gone, out),
            other => self.stage = other,
        }
    }

    /// Ends a pass with the changes since the stored position, if they lead to the source's count.
    fn refresh(
        &mut self,
        now: Duration,
        asked: Seq,
        stored: UpstreamPosition,
        changes: Changes,
        gone: BTreeSet<ConversationId>,
        out: &mut Vec<Effect>,
    ) {
        let mut held = self.known.clone().unwrap_or_default();
        for row in &changes.rows {
            held.insert(row.patch.id.clone(), rank(&row.patch));
        }
        held.retain(|id, _| !gone.contains(id));
        let upstream = match changes.upstream {
            Some(upstream) => upstream,
            None => self.unchanged(&stored),
        };
        let excess = upstream.conversations.map(|counted| difference(held.len(), counted));
        self.mirror.excess = excess.unwrap_or(stored.excess);
        let is_even = excess.is_none_or(|excess| excess == 0 || excess == stored.excess);
        if !is_even && self.known.is_some() {
            let what = "source counts other rows than its changes lead to";
            self.broken_promises.push(what.to_owned());
            return self.list_instead(now, out);
        }
        self.as_of = upstream.as_of;
        self.mirror.upstream = Some(upstream);
        self.report_changes(changes.skipped);
        self.previous = Some(held);
        let delta = self.show(now, asked, changes.rows, out);
        self.end_pass(delta, Ending::Changed { gone });
    }

    /// Returns the state of a source where nothing has changed since a position.
    fn unchanged(&self, stored: &UpstreamPosition) -> Upstream {
        let finished = self.mirror.finished.as_ref();
        Upstream {
            coverage: Coverage::Complete,
            as_of: finished.and_then(|finished| finished.as_of),
            limit: finished.map(|finished| finished.limit.clone()).unwrap_or_default(),
            conversations: stored.conversations,
            position: Some(stored.since.clone()),
            ..Upstream::default()
        }
    }

    /// Closes a listing of several pages with the changes since its first.
    fn close(
        &mut self,
        now: Duration,
        asked: Seq,
        changes: Changes,
        gone: &BTreeSet<ConversationId>,
        out: &mut Vec<Effect>,
    ) {
        // No change since its first page takes away a row that had left before.
        self.keep.clear();
        self.keep_listed();
        self.keep.retain(|id| !gone.contains(id));
        self.keep.extend(changes.rows.iter().map(|row| row.patch.id.clone()));
        match (changes.upstream, &mut self.mirror.upstream) {
            (None, Some(known)) => known.coverage = Coverage::Complete,
            (newer, known) => *known = newer,
        }
        self.mirror.is_whole = true;
        self.report_changes(changes.skipped);
        let delta = self.show(now, asked, changes.rows, out);
        self.end_pass(delta, Ending::Listed { is_capped: false });
    }

    fn report_changes(&mut self, skipped: Vec<SkippedRow>) {
        self.mirror.skipped(&skipped);
        self.is_blind |= skipped.iter().any(|row| row.id.is_none());
        self.keep.extend(skipped.iter().filter_map(|row| row.id.clone()));
        self.unreported.extend(skipped);
    }

    /// Shows the rows of a listing that changes are to close.
    pub(super) fn post_unclosed(&mut self, delta: Delta, newest: Seen, since: Cursor) {
        self.listings += 1;
        self.previous = Some(newest);
        self.post_step(delta, None);
        self.stage = Stage::Closing { since };
    }
}

/// Returns how many rows more are held than the source counts.
fn difference(held: usize, counted: u64) -> i64 {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    number(held as u64).saturating_sub(number(counted))
}
