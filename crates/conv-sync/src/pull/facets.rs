//! What a pass makes of facets: changes to rows that are shown already, and a list of failures.

use conv_model::{ConversationId, ConversationPatch, Delta, Facet, FailedFacet, SyncStep};

use super::{Mail, Pull, Stage};
use crate::{Hydrated, SourceError};

impl Pull {
    /// A batch that was answered.
    pub(super) fn take_in_facets(&mut self, facet: Facet, hydrated: Hydrated) {
        let failed = hydrated.failed.iter().map(|(id, error)| failed(id, facet, error)).collect();
        let learned = self.learned(facet, hydrated);
        self.post_facets(learned, failed);
    }

    /// A batch that was given up: of none of its rows anything is certain.
    pub(super) fn give_up_facets(
        &mut self,
        facet: Facet,
        ids: &[ConversationId],
        error: &SourceError,
    ) {
        let failed = ids.iter().map(|id| failed(id, facet, error)).collect();
        self.post_facets(Vec::new(), failed);
    }

    fn post_facets(&mut self, learned: Vec<ConversationPatch>, failed: Vec<FailedFacet>) {
        let is_empty = learned.is_empty() && failed.is_empty();
        if is_empty || matches!(self.stage, Stage::Stopping) {
            return;
        }
        let mut delta = Delta::amended(learned);
        delta.pass = Some(self.pass);
        if !failed.is_empty() {
            delta.step = Some(SyncStep::Hydrated { failed });
        }
        self.post(Mail::Amend, delta);
    }

    /// What was found, and of whom it is certain that nothing can be found, so that they are not
    /// asked for again in every pass.
    fn learned(&self, facet: Facet, hydrated: Hydrated) -> Vec<ConversationPatch> {
        let mut learned = hydrated.found;
        for patch in learned.iter_mut().filter(|patch| patch.profile.is_known()) {
            patch.profile.read_at.get_or_insert(self.server_time.unwrap_or_default());
        }
        if facet == Facet::Profile {
            let certain = hydrated.failed.into_iter().filter(|(_, error)| !error.may_pass());
            learned.extend(certain.map(|(id, _)| {
                let mut patch = ConversationPatch::new(id);
                patch.profile.read_at = Some(self.server_time.unwrap_or_default());
                patch
            }));
        }
        learned
    }
}

fn failed(id: &ConversationId, facet: Facet, error: &SourceError) -> FailedFacet {
    FailedFacet::new(id.clone(), facet, error.class(), error.code().unwrap_or_default())
}
