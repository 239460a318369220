//! Sees the cloud itself during a pass, and judges the list that the pass leaves.

use std::collections::{BTreeMap, BTreeSet};

use conv_api::{Conversation, ConversationId, Timestamp};

use super::world::{Row, World};

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// S: a row that stayed within the limit unmodified is missing or other than in the cloud.
    Unmodified,
    /// S2: a row that stayed within the limit is missing.
    Stayed,
    /// A held row was not in the cloud at any moment of the pass.
    Invented,
    /// C: a quiet pass did not leave the cloud's newest rows.
    Exact,
    /// A row that another writer changed during the pass was overwritten or removed.
    Outside,
    /// Local state was lost, or does not show on its row.
    Local,
    /// A row went without a finished fresh pass.
    Removed,
    /// The pass took too many calls, or did not end.
    Bound,
    /// `Complete` was said where it must not be.
    Complete,
    /// The stored place in a listing is behind rows that are not held.
    Torn,
    /// A change of a pass that is no longer the newest was applied.
    Late,
    /// A facet's answer overwrote what another writer stored after the question went out.
    Facet,
    /// After a quiet pass a row lacks its name, its group's name or its unread count.
    Unnamed,
    /// A quiet pass over a complete list changed a row of it, or showed one and took it back.
    Flicker,
    /// A moment was made up, or is not that of the cloud.
    Time,
}

/// The events in the cloud since a pass began.
#[derive(Debug)]
pub struct Witness {
    limit: usize,
    /// Within the limit at every moment so far.
    stayed: BTreeSet<ConversationId>,
    modified: BTreeSet<ConversationId>,
    existed: BTreeSet<ConversationId>,
    /// Held as the pass began.
    held: BTreeSet<ConversationId>,
    /// The pass could not read these.
    unread: BTreeSet<ConversationId>,
    /// The pass met a row without an ID.
    is_blind: bool,
    /// The source refused its changes, and the head alone was read again: a row that jumps there and
    /// back between two pages is in none of them.
    pub is_head_alone: bool,
}

impl Witness {
    pub fn new(world: &World, limit: usize, held: BTreeSet<ConversationId>) -> Self {
        let top = top(world, limit);
        Self {
            limit,
            stayed: top.keys().cloned().collect(),
            modified: BTreeSet::new(),
            existed: world.rows.keys().cloned().collect(),
            held,
            unread: BTreeSet::new(),
            is_blind: false,
            is_head_alone: false,
        }
    }

    pub fn changed(&mut self, world: &World, ids: &[ConversationId]) {
        let top = top(world, self.limit);
        self.stayed.retain(|id| top.contains_key(id));
        self.modified.extend(ids.iter().cloned());
        self.existed.extend(world.rows.keys().cloned());
    }

    /// A row that the pass could not read: its value is unknown to it, but if it was held it must
    /// stay so.
    pub fn excuse(&mut self, id: &ConversationId) {
        self.unread.insert(id.clone());
    }

    /// A row that the pass could not even tell from another.
    pub fn blind(&mut self, id: &ConversationId) {
        self.is_blind = true;
        self.excuse(id);
    }

    /// Judges a list that was said to be complete. Rows in `outside` were changed by others.
    ///
    /// Rows in `unconfirmed` are said to be kept for want of certainty.
    pub fn judge(
        &self,
        world: &World,
        held: &BTreeMap<ConversationId, Row>,
        outside: &BTreeSet<ConversationId>,
        unconfirmed: &[ConversationId],
    ) -> Vec<Broken> {
        let mut broken = Vec::new();
        for id in self.stayed.iter().filter(|id| !outside.contains(*id)) {
            let is_unread = self.unread.contains(id);
            match held.get(id) {
                None if is_unread && !self.held.contains(id) => {}
                None if self.is_head_alone && self.modified.contains(id) => {}
                None => {
                    broken.push(Broken::Stayed);
                    if !self.modified.contains(id) {
                        broken.push(Broken::Unmodified);
                    }
                }
                Some(row) => {
                    let is_same = world.rows.get(id) == Some(row);
                    if !is_same && !is_unread && !self.modified.contains(id) {
                        broken.push(Broken::Unmodified);
                    }
                }
            }
        }
        let known = |id: &ConversationId| self.existed.contains(id) || outside.contains(id);
        let is_doubtful = |id: &ConversationId| self.is_blind && unconfirmed.contains(id);
        if !held.keys().all(|id| known(id) || is_doubtful(id)) {
            broken.push(Broken::Invented);
        }
        broken
    }
}

/// The cloud's newest rows.
pub fn top(world: &World, limit: usize) -> BTreeMap<ConversationId, Row> {
    world.ordered().into_iter().take(limit).collect()
}

/// A held row as the cloud would state it.
pub fn held(row: &Conversation) -> (ConversationId, Row) {
    let time = row.listing.time.map_or(0, Timestamp::as_secs);
    (row.id.clone(), Row { time, pinned: row.listing.is_pinned })
}
