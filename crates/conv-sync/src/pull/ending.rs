//! The last change of a pass: it says `Complete`, and removes the rows that are gone.

use std::{collections::BTreeSet, mem, sync::Arc};

use conv_model::{ConversationId, Delta, Finished, ListLimit, Prune, SyncStep};
use serde::{Deserialize, Serialize};

use super::{DeltaKind, Pull, Stage};

/// The rows that a pass ends with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ending {
    /// After listings.
    Listed { is_capped: bool },
    /// After the changes since the stored position, with the rows that left.
    Changed { gone: BTreeSet<ConversationId> },
}

impl Pull {
    /// Ends the pass. While a call for group names is open, shows the rows first and waits.
    pub(super) fn end_pass(&mut self, delta: Delta, ending: Ending) {
        if self.calls.reads_groups() {
            self.post_step(delta, None);
            self.stage = Stage::Naming { ending };
        } else {
            self.finish(delta, ending);
        }
    }

    /// Posts the last change, which also removes the rows that no listing confirmed, or that left. If
    /// the pass met a row without a readable ID, that may be any of them, so it removes none; nor does
    /// a listing of an incomplete list.
    pub(super) fn finish(&mut self, mut delta: Delta, ending: Ending) {
        let upstream = self.mirror.end(&ending, self.keep.len());
        let finished = self.finished_pass(&ending);
        delta.prune = self.prune(ending);
        let mut skipped = mem::take(&mut self.unreported);
        skipped.extend(self.mirror.upstream.take().unwrap_or_default().skipped);
        delta.step = Some(SyncStep::Finish {
            finished,
            upstream,
            skipped,
            broken: mem::take(&mut self.broken_promises),
        });
        delta.unnamed = self.naming.end();
        self.stage = Stage::Finishing;
        self.post(DeltaKind::Finish, delta);
    }

    fn finished_pass(&self, ending: &Ending) -> Finished {
        let scope = self.options.scope();
        if let Some(upstream) = &self.mirror.upstream {
            return Finished::new(upstream.as_of, upstream.limit.clone(), scope);
        }
        let is_capped = matches!(ending, Ending::Listed { is_capped: true });
        let capped = is_capped.then_some(ListLimit::Capped(self.options.plan_limit));
        let retention = self.capabilities.retention.map(ListLimit::Retention);
        Finished::new(self.as_of, capped.into_iter().chain(retention).collect(), scope)
    }

    fn prune(&mut self, ending: Ending) -> Option<Prune> {
        let keep = match ending {
            Ending::Changed { gone } => {
                return (!gone.is_empty()).then(|| Prune::Gone { ids: Arc::new(gone) });
            }
            Ending::Listed { .. } => Arc::new(mem::take(&mut self.keep)),
        };
        if self.is_blind || !self.mirror.is_complete() {
            return Some(Prune::Unconfirmed { keep });
        }
        self.hydration.retain(&keep);
        Some(Prune::Unlisted { keep })
    }
}
