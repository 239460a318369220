//! Which rows want which facet, and the batches they are asked for in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conv_model::{ConversationId, ConversationType, Facet};

use super::Effect;
use crate::Capabilities;

#[derive(Debug)]
pub(super) struct Hydration {
    capabilities: Capabilities,
    waiting: BTreeMap<(Facet, ConversationType), VecDeque<ConversationId>>,
    /// Each facet of a row is asked for once a pass.
    asked: BTreeSet<(Facet, ConversationId)>,
    in_flight: Option<(Facet, Vec<ConversationId>)>,
}

impl Hydration {
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        Self {
            capabilities: capabilities.clone(),
            waiting: BTreeMap::new(),
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
                self.waiting.entry((facet, kind)).or_default().push_back(id);
            }
        }
    }

    /// The next batch: a full one, or, if no more rows will come, what is left.
    pub(super) fn next(&mut self, is_last: bool) -> Option<Effect> {
        if self.in_flight.is_some() {
            return None;
        }
        let (facet, kind) = self.waiting.iter().find_map(|((facet, kind), ids)| {
            let is_full = ids.len() >= self.capabilities.batch(*kind);
            (is_full || is_last && !ids.is_empty()).then_some((*facet, *kind))
        })?;
        let ids = self.waiting.get_mut(&(facet, kind))?;
        let batch = ids.len().min(self.capabilities.batch(kind));
        self.in_flight = Some((facet, ids.drain(..batch).collect()));
        self.again()
    }

    /// The batch in flight, once more.
    pub(super) fn again(&self) -> Option<Effect> {
        let (facet, ids) = self.in_flight.clone()?;
        Some(Effect::Hydrate { facet, ids })
    }

    pub(super) fn answered(&mut self) {
        self.in_flight = None;
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.waiting.values().all(VecDeque::is_empty)
    }
}
