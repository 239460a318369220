//! Which rows want which facet, and the batches they are asked for in.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

use conv_model::{ConversationId, ConversationType, Facet};

use super::Effect;
use crate::Capabilities;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hydration {
    capabilities: Capabilities,
    waiting: Vec<Queue>,
    /// Each facet of a row is asked for once a pass.
    asked: BTreeSet<(Facet, ConversationId)>,
    in_flight: Option<(Facet, Vec<ConversationId>)>,
}

/// Rows of one kind that wait for one facet.
#[derive(Debug, Serialize, Deserialize)]
struct Queue {
    facet: Facet,
    kind: ConversationType,
    ids: VecDeque<ConversationId>,
}

impl Hydration {
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        Self {
            capabilities: capabilities.clone(),
            waiting: Vec::new(),
            asked: BTreeSet::new(),
            in_flight: None,
        }
    }

    pub(super) fn want(&mut self, facet: Facet, ids: Vec<ConversationId>) {
        if !self.capabilities.facets.contains(&facet) {
            return;
        }
        for id in ids {
            let kind = id.conversation_type();
            if kind != ConversationType::System && self.asked.insert((facet, id.clone())) {
                self.enqueue(facet, kind, id);
            }
        }
    }

    fn enqueue(&mut self, facet: Facet, kind: ConversationType, id: ConversationId) {
        let queue =
            self.waiting.iter_mut().find(|queue| (queue.facet, queue.kind) == (facet, kind));
        match queue {
            Some(queue) => queue.ids.push_back(id),
            None => self.waiting.push(Queue { facet, kind, ids: VecDeque::from([id]) }),
        }
    }

    /// The next batch: a full one, or, if no more rows will come, what is left.
    pub(super) fn next(&mut self, is_last: bool) -> Option<Effect> {
        if self.in_flight.is_some() {
            return None;
        }
        let capabilities = &self.capabilities;
        let queue = self.waiting.iter_mut().find(|queue| {
            let is_full = queue.ids.len() >= capabilities.batch(queue.kind);
            is_full || (is_last && !queue.ids.is_empty())
        })?;
        let batch = queue.ids.len().min(capabilities.batch(queue.kind));
        self.in_flight = Some((queue.facet, queue.ids.drain(..batch).collect()));
        self.again()
    }

    /// The batch in flight, once more.
    pub(super) fn again(&self) -> Option<Effect> {
        let (facet, ids) = self.in_flight.clone()?;
        Some(Effect::Hydrate { facet, ids })
    }

    /// The batch in flight is through; says which it was.
    pub(super) fn answered(&mut self) -> Option<(Facet, Vec<ConversationId>)> {
        self.in_flight.take()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.waiting.iter().all(|queue| queue.ids.is_empty())
    }
}
