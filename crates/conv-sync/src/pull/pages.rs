//! What a pass makes of its pages: changes, further listings, the end.

use std::{sync::Arc, time::Duration};

use conv_model::{
    ConversationPatch, Delta, Facet, Finished, ListLimit, PassStatus, Phase, Prune, SkippedRow,
    SyncStep, Timestamp,
};

use super::{MAX_LISTINGS, Mail, Pull, listing::Turn};
use crate::{Page, SourceError};

impl Pull {
    /// A page with all its names: makes the change that shows it.
    pub(super) fn take_in(&mut self, now: Duration, page: Page) {
        if self.listing.is_at_head() {
            let took = now.saturating_sub(self.head_asked);
            self.as_of = page.server_time.map(|answered| asked_at(answered, took));
        }
        self.server_time = page.server_time;
        let (rows, mut skipped) = self.naming.name(page.rows);
        skipped.extend(page.skipped);
        let turn = match self.listing.turn(&rows, &skipped, page.next) {
            Ok(turn) => turn,
            Err(what) => return self.fail(SourceError::Protocol { what: what.into() }, true),
        };
        let broken = self.listing.take_broken_promise().into_iter().collect();
        let mut delta = Delta::listed(rows);
        delta.pass = Some(self.pass);
        delta.groups = self.naming.take_learned();
        delta.profiles = self.options.profiles_due(self.server_time);
        self.want_facets(&delta.listed);
        match turn {
            Turn::Next => self.post_page(delta, skipped, broken),
            Turn::End => self.end_listing(delta, skipped, broken),
        }
    }

    fn want_facets(&mut self, rows: &[ConversationPatch]) {
        for facet in self.options.facets.iter().filter(|facet| **facet != Facet::Profile) {
            self.hydration.want(*facet, rows.iter().map(|row| row.id.clone()).collect());
        }
    }

    /// The listing goes on after this page.
    fn post_page(&mut self, mut delta: Delta, skipped: Vec<SkippedRow>, broken: Vec<String>) {
        let status = self.status();
        let checkpoint = match self.phase() {
            Phase::Relisting => None,
            _ => self.listing.checkpoint(),
        };
        delta.step = Some(SyncStep::Page { status, checkpoint, skipped, broken });
        self.post(Mail::Page, delta);
    }

    /// The listing is through: the pass lists anew, or is complete.
    fn end_listing(&mut self, mut delta: Delta, skipped: Vec<SkippedRow>, broken: Vec<String>) {
        let was_resumed = self.listing.is_resumed();
        let newest = self.listing.newest(self.previous.as_ref());
        let is_single_reply = self.listing.pages() == 1;
        let shown = newest.len();
        let reached_limit = shown >= self.options.plan_limit as usize;
        if !was_resumed {
            self.listings += 1;
            let agrees = self.previous.as_ref() == Some(&newest);
            if !agrees {
                self.keep.append(&mut newest.keys().cloned().collect());
            }
            self.keep.extend(self.listing.take_unread_ids());
            // One reply is a snapshot by itself.
            let is_sure = agrees || (is_single_reply && self.listings == 1);
            if is_sure || self.listings == MAX_LISTINGS {
                return self.finish(delta, (skipped, broken), reached_limit);
            }
            self.previous = Some(newest);
        }
        let status = self.status();
        delta.step = Some(SyncStep::Page { status, checkpoint: None, skipped, broken });
        self.listing = self.listing.again(shown);
        self.post(Mail::Page, delta);
    }

    /// The last page: what no listing confirmed goes in the same change that says so.
    fn finish(
        &mut self,
        mut delta: Delta,
        (skipped, broken): (Vec<SkippedRow>, Vec<String>),
        reached_limit: bool,
    ) {
        let capped = reached_limit.then_some(ListLimit::Capped(self.options.plan_limit));
        let retention = self.capabilities.retention.map(ListLimit::Retention);
        let limit = capped.into_iter().chain(retention).collect();
        let finished = Finished::new(self.as_of, limit, self.options.scope());
        delta.prune = Some(Prune::Unlisted { keep: Arc::new(std::mem::take(&mut self.keep)) });
        delta.step = Some(SyncStep::Finish { finished, skipped, broken });
        self.post(Mail::Finish, delta);
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

/// When a call was asked for by the cloud's clock, at the latest: its answer's time less the
/// whole seconds that it may have taken.
fn asked_at(answered: Timestamp, took: Duration) -> Timestamp {
    let took = took.as_secs() + u64::from(took.subsec_nanos() > 0);
    Timestamp::from_secs(answered.as_secs().saturating_sub(took))
}
