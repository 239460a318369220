//! Turns pages into changes, further listings and the end of the pass.
//!
//! A pass lists again until two listings agree, because cursors of unknown meaning may let a row
//! slip past a page boundary. Rows that no listing confirmed go in the same change that says
//! `Complete`, so no error path removes a row.

use std::time::Duration;

use conv_model::{
    Checkpoint, ConversationPatch, Delta, Facet, PassStatus, Phase, Seq, SkippedRow, SyncStep,
};

use super::{
    DeltaKind, Effect, MAX_LISTINGS, Pull,
    calls::Question,
    ending::Ending,
    listing::{Seen, Turn},
};
use crate::{Page, SourceError, SourceRow};

/// The maximum number of rows without an ID that a pass reports one by one.
const MAX_NAMELESS: usize = 1_000;

impl Pull {
    /// Takes in a page whose call was sent at `sent`, and posts the change that shows it.
    pub(super) fn take_in(
        &mut self,
        now: Duration,
        sent: Duration,
        asked: Seq,
        page: Page,
        out: &mut Vec<Effect>,
    ) {
        self.cloud_time.learn(page.server_time, now);
        let is_first = self.listing.is_at_head();
        if is_first {
            self.as_of = self.cloud_time.at(sent);
        }
        self.mirror.page(page.upstream, is_first, page.next.is_none());
        self.mirror.skipped(&page.skipped);
        let is_blind = page.skipped.iter().any(|row| row.id.is_none());
        self.is_blind |= is_blind && !self.listing.is_resumed();
        let turn = match self.listing.turn(&page.rows, &page.skipped, page.next) {
            Ok(turn) => turn,
            Err(what) => return self.refuse_page(now, what, out),
        };
        self.broken_promises.extend(self.listing.take_broken_promise());
        self.report(page.skipped);
        let before = self.previous.as_ref().or(self.known.as_ref());
        let (limit, seen) = (self.listing.limit(), self.listing.seen());
        let shown = self.window.pass(page.rows, asked, limit, seen, before);
        match turn {
            Turn::Next => {
                let delta = self.show(now, asked, shown, out);
                self.post_page(delta);
            }
            Turn::End => self.end_listing(now, asked, shown, out),
        }
    }

    /// Reports skipped rows with the next step. Every listing meets the rows without an ID again,
    /// so only those beyond the maximum of the earlier listings are new.
    fn report(&mut self, skipped: Vec<SkippedRow>) {
        let (nameless, named): (Vec<_>, Vec<_>) =
            skipped.into_iter().partition(|row| row.id.is_none());
        let met = self.listing.nameless().min(MAX_NAMELESS);
        let new = met.saturating_sub(self.nameless);
        self.nameless = self.nameless.max(met);
        self.unreported.extend(named);
        self.unreported.extend(nameless.into_iter().take(new));
    }

    /// Ends an invalid listing: a resumed one begins again at the head, a fresh one fails the pass.
    fn refuse_page(&mut self, now: Duration, what: &str, out: &mut Vec<Effect>) {
        if self.listing.is_resumed() && self.restarts() {
            return self.ask(now, out);
        }
        self.forgets = true;
        self.fail(SourceError::Protocol { what: what.into() });
    }

    /// Returns the change that shows some rows.
    pub(super) fn show(
        &mut self,
        now: Duration,
        asked: Seq,
        rows: Vec<SourceRow>,
        out: &mut Vec<Effect>,
    ) -> Delta {
        if self.naming.ask(&rows) {
            out.push(self.calls.send(now, Question::Groups));
        }
        let (rows, unnamed) = self.naming.name(rows);
        self.unreported.extend(unnamed);
        self.want_facets(&rows);
        let mut delta = Delta::listed(rows);
        delta.pass = Some(self.pass);
        delta.asked = Some(asked);
        delta.profiles = self.options.profiles_due(self.cloud_time.at(now), self.elapsed(now));
        delta
    }

    fn want_facets(&mut self, rows: &[ConversationPatch]) {
        for facet in self.options.facets.iter().filter(|facet| **facet != Facet::Profile) {
            let ids = rows.iter().map(|row| &row.id);
            let rows = self.listing.queued_rows(ids, self.previous.as_ref());
            self.hydration.want(*facet, rows);
        }
    }

    /// Posts the change of a page that is not the listing's last.
    fn post_page(&mut self, delta: Delta) {
        let checkpoint = match self.phase() {
            Phase::Relisting => None,
            _ => self.listing.checkpoint(),
        };
        self.post_step(delta, checkpoint);
    }

    /// Ends a listing: the pass lists again, or is complete.
    fn end_listing(
        &mut self,
        now: Duration,
        asked: Seq,
        mut shown: Vec<SourceRow>,
        out: &mut Vec<Effect>,
    ) {
        let newest = self.listing.newest(self.previous.as_ref());
        let (released, oldest) = self.window.release(&newest);
        shown.extend(released);
        let delta = self.show(now, oldest.map_or(asked, |oldest| oldest.min(asked)), shown, out);
        if let Some(since) = self.closes_from() {
            return self.post_unclosed(delta, newest, since);
        }
        let count = newest.len();
        if !self.listing.is_resumed() && self.is_sure(newest) {
            let is_capped = count >= self.listing.limit();
            return self.end_pass(delta, Ending::Listed { is_capped });
        }
        self.post_step(delta, None);
        // The head alone would do only if nothing had slipped below it, which no changes confirm.
        let is_open = self.mirror.is_open();
        self.listing = if is_open { self.listing.fresh() } else { self.listing.again(count) };
    }

    /// Returns true if a fresh listing is the last of the pass: it agrees with the previous one, it
    /// is a single reply, which is a snapshot by itself, or the maximum is reached. A single reply
    /// after longer listings counts only from a source that keeps the list itself.
    fn is_sure(&mut self, newest: Seen) -> bool {
        self.listings += 1;
        let agrees = self.previous.as_ref() == Some(&newest);
        let is_of_one_instant = self.mirror.is_of_one_instant();
        if is_of_one_instant {
            // No change since its position takes away a row that had left before.
            self.keep.clear();
        }
        if !agrees || is_of_one_instant {
            self.keep.extend(newest.keys().cloned());
        }
        self.keep.extend(self.listing.take_unread_ids());
        let is_single_reply = self.listing.pages() == 1 && self.listings == 1;
        self.previous = Some(newest);
        agrees || is_single_reply || is_of_one_instant || self.listings == MAX_LISTINGS
    }

    pub(super) fn post_step(&mut self, mut delta: Delta, checkpoint: Option<Checkpoint>) {
        delta.step = Some(SyncStep::Page {
            status: self.status(),
            checkpoint,
            skipped: std::mem::take(&mut self.unreported),
            broken: std::mem::take(&mut self.broken_promises),
        });
        self.post(DeltaKind::Page, delta);
    }

    fn phase(&self) -> Phase {
        if self.listing.is_resumed() {
            Phase::Resuming
        } else if self.previous.is_some() {
            Phase::Relisting
        } else {
            Phase::Listing
        }
    }

    fn status(&self) -> PassStatus {
        let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
        let total = self.previous.as_ref().map(|previous| count(previous.len()));
        PassStatus::running(self.phase(), count(self.listing.len()), total)
    }
}
