//! Names for the conversation groups that rows carry as numbers.

use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

use conv_model::{ConversationPatch, GroupNames, SkippedRow};

use crate::{Groups, Page, SourceRow};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Naming {
    known: GroupNames,
    freshness: Duration,
    /// Names are read at most once a pass.
    asked: bool,
    learned: bool,
}

impl Naming {
    pub(super) fn new(known: GroupNames, freshness: Duration) -> Self {
        Self { known, freshness, asked: false, learned: false }
    }

    /// Whether a page carries a number whose name is unknown or old.
    pub(super) fn is_needed(&self, page: &Page) -> bool {
        let fresh_until = self.known.read_at.map(|at| at.plus_secs(self.freshness.as_secs()));
        let old = fresh_until.zip(page.server_time).is_none_or(|(until, now)| until < now);
        let mut numbers = page.rows.iter().filter_map(|row| row.group_ids.as_ref()).flatten();
        !self.asked && numbers.any(|number| old || !self.known.names.contains_key(number))
    }

    pub(super) fn learn(&mut self, groups: Groups) {
        let known = GroupNames::new(groups.names, groups.server_time);
        self.learned = known.names != self.known.names || known.read_at != self.known.read_at;
        self.known = known;
        self.asked = true;
    }

    /// The pass goes on with the names it knows.
    pub(super) fn give_up(&mut self) {
        self.asked = true;
    }

    /// What was learned since the last change, to be stored with the next one.
    pub(super) fn take_learned(&mut self) -> Option<GroupNames> {
        std::mem::take(&mut self.learned).then(|| self.known.clone())
    }

    /// The rows with their groups named. A row with a number that has no name keeps the groups it
    /// had, and is reported.
    pub(super) fn name(&self, rows: Vec<SourceRow>) -> (Vec<ConversationPatch>, Vec<SkippedRow>) {
        let mut unnamed = Vec::new();
        let named = rows
            .into_iter()
            .map(|SourceRow { mut patch, group_ids }| {
                let Some(numbers) = group_ids else {
                    return patch;
                };
                let names = self.names(&numbers);
                if names.is_none() {
                    let reason = "row is in a conversation group without a name";
                    unnamed.push(SkippedRow::new(Some(patch.id.clone()), reason));
                }
                if let Some(listing) = &mut patch.listing {
                    listing.groups = names;
                }
                patch
            })
            .collect();
        (named, unnamed)
    }

    fn names(&self, numbers: &[u64]) -> Option<Vec<Arc<str>>> {
        numbers.iter().map(|number| self.known.names.get(number).cloned()).collect()
    }
}
