//! Turns answers about facets into changes of rows that are already shown, and a list of failures.

use std::time::Duration;

use conv_model::{ConversationId, ConversationPatch, Delta, Facet, FailedFacet, Seq, SyncStep};

use super::{DeltaKind, Pull};
use crate::{Hydrated, SourceError};

impl Pull {
    /// Takes in the answer to a batch.
    pub(super) fn take_in_facets(
        &mut self,
        now: Duration,
        facet: Facet,
        asked: Seq,
        hydrated: Hydrated,
    ) {
        let failed = hydrated.failed.iter().map(|(id, error)| failed(id, facet, error)).collect();
        let learned = self.learned(now, facet, hydrated);
        self.post_facets(asked, learned, failed);
    }

    /// Reports a batch that may not be retried as failed: the pass learned nothing about its rows.
    pub(super) fn give_up_facets(
        &mut self,
        facet: Facet,
        asked: Seq,
        ids: &[ConversationId],
        error: &SourceError,
    ) {
        let failed = ids.iter().map(|id| failed(id, facet, error)).collect();
        self.post_facets(asked, Vec::new(), failed);
    }

    fn post_facets(
        &mut self,
        asked: Seq,
        learned: Vec<ConversationPatch>,
        failed: Vec<FailedFacet>,
    ) {
        if learned.is_empty() && failed.is_empty() {
            return;
        }
        let mut delta = Delta::updates(learned);
        delta.pass = Some(self.pass);
        delta.asked = Some(asked);
        if !failed.is_empty() {
            delta.step = Some(SyncStep::Hydrated { failed });
        }
        self.post(DeltaKind::Amend, delta);
    }

    /// Returns the patches to apply. A row whose profile certainly does not exist gets a read time,
    /// so that the next passes do not ask for it again.
    fn learned(&self, now: Duration, facet: Facet, hydrated: Hydrated) -> Vec<ConversationPatch> {
        let time = self.cloud_time.at(now);
        let mut learned = hydrated.found;
        for patch in learned.iter_mut().filter(|patch| patch.profile.is_known()) {
            let read_at = patch.profile.read_at.filter(|time| !time.is_zero());
            patch.profile.read_at = read_at.or(time);
        }
        if facet == Facet::Profile && time.is_some() {
            let certain =
                hydrated.failed.into_iter().filter(|(_, error)| !error.may_succeed_later());
            learned.extend(certain.map(|(id, _)| {
                let mut patch = ConversationPatch::new(id);
                patch.profile.read_at = time;
                patch
            }));
        }
        learned
    }
}

fn failed(id: &ConversationId, facet: Facet, error: &SourceError) -> FailedFacet {
    FailedFacet::new(id.clone(), facet, error.class(), error.number())
}
