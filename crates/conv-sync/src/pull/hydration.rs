//! Queues of rows that need a facet, and the batches that ask for them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use conv_model::{ConversationId, ConversationType, Facet, Rank};

use super::calls::Question;
use crate::Capabilities;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hydration {
    capabilities: Capabilities,
    waiting: Vec<Queue>,
    /// Facets already queued: a pass asks for each facet of a row once.
    asked: BTreeSet<(Facet, ConversationId)>,
}

/// Rows of one kind queued for one facet.
#[derive(Debug, Serialize, Deserialize)]
struct Queue {
    facet: Facet,
    kind: ConversationType,
    rows: BTreeSet<QueuedRow>,
}

/// A queued row. Rows of the head of the list come first, then list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct QueuedRow {
    pub(super) is_below_head: bool,
    pub(super) rank: Rank,
    pub(super) id: ConversationId,
}

impl Hydration {
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        Self { capabilities: capabilities.clone(), waiting: Vec::new(), asked: BTreeSet::new() }
    }

    pub(super) fn want(&mut self, facet: Facet, rows: impl IntoIterator<Item = QueuedRow>) {
        if !self.capabilities.facets.contains(&facet) {
            return;
        }
        for row in rows {
            let kind = row.id.conversation_type();
            let is_new = self.asked.insert((facet, row.id.clone()));
            if is_new && kind != ConversationType::System {
                self.enqueue(facet, kind, row);
            }
        }
    }

    fn enqueue(&mut self, facet: Facet, kind: ConversationType, row: QueuedRow) {
        let queue =
            self.waiting.iter_mut().find(|queue| (queue.facet, queue.kind) == (facet, kind));
        match queue {
            Some(queue) => drop(queue.rows.insert(row)),
            None => self.waiting.push(Queue { facet, kind, rows: BTreeSet::from([row]) }),
        }
    }

    /// Returns the next batch: a full one, the names of the head once the head is known, or, if few
    /// more rows will come (`is_last`), the remainder. Names come first, while rows still arrive;
    /// each further facet follows once the queues of the facets before it are empty. That is the
    /// order in which a reader misses them, and the order of [`Facet`].
    pub(super) fn next(&mut self, knows_head: bool, is_last: bool) -> Option<Question> {
        let busy = self.waiting.iter().filter(|queue| !queue.rows.is_empty());
        let facet = busy.map(|queue| queue.facet).min();
        let facet = facet.filter(|facet| is_last || *facet == Facet::Profile)?;
        let capabilities = &self.capabilities;
        let mut queues = self.waiting.iter_mut().filter(|queue| queue.facet == facet);
        let queue = queues.find(|queue| queue.is_due(capabilities, knows_head, is_last))?;
        let mut ids = Vec::new();
        while ids.len() < capabilities.batch(queue.kind) {
            let Some(row) = queue.rows.pop_first() else { break };
            ids.push(row.id);
        }
        Some(Question::Facet { facet, ids })
    }

    /// Drops the queued rows that are not in `keep`.
    pub(super) fn retain(&mut self, keep: &BTreeSet<ConversationId>) {
        for queue in &mut self.waiting {
            queue.rows.retain(|row| keep.contains(&row.id));
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.iter().all(|queue| queue.rows.is_empty())
    }
}

impl Queue {
    fn is_due(&self, capabilities: &Capabilities, knows_head: bool, is_last: bool) -> bool {
        let is_full = self.rows.len() >= capabilities.batch(self.kind);
        let has_head = self.rows.first().is_some_and(|row| !row.is_below_head);
        let is_head_due = knows_head && has_head && self.facet == Facet::Profile;
        !self.rows.is_empty() && (is_full || is_last || is_head_due)
    }
}
