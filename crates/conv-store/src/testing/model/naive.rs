//! A store in few lines: plain maps, nothing shared, nothing incremental.

use std::collections::BTreeMap;

use conv_model::{
    Conversation, ConversationId, ConversationPatch, ConversationType, Coverage, Delta, Facet,
    Local, PassId, Prune, Seq, SyncState, SyncStep, list_order, merge,
};

/// Rows by their IDs.
pub type Rows = BTreeMap<ConversationId, Conversation>;

/// A store that keeps what it should, and shares nothing with the one that is tested.
#[derive(Debug, Default)]
pub struct Naive {
    cloud: Rows,
    /// Local state, of listed rows and of others.
    pub locals: BTreeMap<ConversationId, Local>,
    /// The state of the sync.
    pub sync: SyncState,
    /// Whether the last change began a pass.
    pub(super) begins: bool,
    /// Counts changes.
    clock: u64,
    begun: u64,
    /// When a listing changed last, and by which pass.
    stamps: BTreeMap<ConversationId, (u64, Option<PassId>)>,
}

impl Naive {
    /// Applies a change. Gives the rows that want a profile; `None` if the change is refused.
    pub fn apply(&mut self, delta: &Delta) -> Option<Vec<ConversationId>> {
        self.begins = false;
        match delta.pass {
            Some(pass) if pass > PassId::NONE => {
                self.sync.admit(pass, delta.step.as_ref()).ok()?;
            }
            None if delta.step.is_none() => {}
            _ => return None,
        }
        self.clock += 1;
        let before = self.cloud.clone();
        for patch in &delta.listed {
            self.merge(patch, delta.pass);
        }
        for patch in &delta.amended {
            if self.cloud.contains_key(&patch.id) {
                self.merge(patch, delta.pass);
            }
        }
        for id in &delta.removed {
            self.remove(id, delta.pass);
        }
        for id in self.pruned(delta) {
            self.remove(&id, delta.pass);
        }
        for (id, row) in &self.cloud {
            if before.get(id).is_none_or(|old| old.listing != row.listing) {
                self.stamps.insert(id.clone(), (self.clock, delta.pass));
            }
        }
        self.step(delta);
        Some(self.wanting(delta))
    }

    fn is_guarded(&self, id: &ConversationId, pass: Option<PassId>) -> bool {
        self.cloud.contains_key(id)
            && pass.is_some()
            && self.stamps.get(id).is_some_and(|(when, by)| *when > self.begun && *by != pass)
    }

    fn merge(&mut self, patch: &ConversationPatch, pass: Option<PassId>) {
        let old = self.cloud.get(&patch.id);
        let mut row = merge(old, patch);
        if let Some(old) = old.filter(|_| self.is_guarded(&patch.id, pass)) {
            row.listing = old.listing.clone();
        }
        self.cloud.insert(patch.id.clone(), row);
    }

    fn remove(&mut self, id: &ConversationId, pass: Option<PassId>) {
        if !self.is_guarded(id, pass) {
            self.cloud.remove(id);
            self.stamps.remove(id);
        }
    }

    fn pruned(&self, delta: &Delta) -> Vec<ConversationId> {
        let finished = match &delta.step {
            Some(SyncStep::Finish { finished, .. }) => Some(finished),
            _ => self.sync.finished.as_ref(),
        };
        let goes = |row: &&Conversation| match &delta.prune {
            Some(Prune::Unlisted { keep }) => !keep.contains(&row.id),
            Some(Prune::Expired { now, retention }) => {
                let time = row.listing.time.map_or(0, |time| time.as_secs());
                let end = time.saturating_add(*retention);
                time > 0
                    && finished.is_some_and(|finished| end > finished.as_of.as_secs())
                    && end <= now.as_secs()
            }
            _ => false,
        };
        self.cloud.values().filter(goes).map(|row| row.id.clone()).collect()
    }

    fn step(&mut self, delta: &Delta) {
        let has_rows = !self.cloud.is_empty();
        if let (Some(pass), Some(step)) = (delta.pass, &delta.step) {
            let begun = self.sync.begun;
            self.sync = self.sync.after(pass, step, Seq::ZERO, has_rows);
            self.begins = matches!(step, SyncStep::Begin { .. });
            if self.begins {
                self.begun = self.clock;
            }
            self.sync.begun = begun;
        }
        if let Some(groups) = &delta.groups {
            self.sync.groups = groups.clone();
        }
        if matches!(self.sync.coverage, Coverage::Empty | Coverage::CacheOnly) {
            let has_any = has_rows || self.sync.finished.is_some();
            self.sync.coverage = if has_any { Coverage::CacheOnly } else { Coverage::Empty };
        }
    }

    fn wanting(&self, delta: &Delta) -> Vec<ConversationId> {
        let mut wanting = Vec::new();
        for id in delta.listed.iter().map(|patch| &patch.id) {
            let Some(row) = self.cloud.get(id) else { continue };
            let wants = row.profile.read_at < Some(delta.profile_before);
            if wants && id.as_str() != "@TIM#SYSTEM" && !wanting.contains(id) {
                wanting.push(id.clone());
            }
        }
        wanting
    }

    /// Sets local state; a part that is left out stays.
    pub fn put(&mut self, id: ConversationId, local: Local) {
        let old = self.locals.get(&id).cloned().unwrap_or_default();
        let new = old.merged(&local);
        if new != old {
            self.locals.insert(id, new);
        }
    }

    /// What reopening makes of it.
    pub fn reopen(&mut self) {
        self.sync = std::mem::take(&mut self.sync).reopened(!self.cloud.is_empty());
    }

    /// Rows with their local state.
    pub fn rows(&self) -> Rows {
        let mut rows = self.cloud.clone();
        for (id, local) in &self.locals {
            if let Some(row) = rows.get_mut(id) {
                row.local = local.clone();
            }
        }
        rows
    }

    /// Rows with their local state, in list order.
    pub fn list(&self) -> Vec<Conversation> {
        let mut rows: Vec<Conversation> = self.rows().into_values().collect();
        rows.sort_by(list_order);
        rows
    }

    /// Conversations, unread messages, conversations with any, and those with a mention.
    pub fn totals(&self) -> [u64; 4] {
        let sums = self.cloud.values().map(|row| {
            let unread = row.unread.count.filter(|_| !row.unread.is_muted()).unwrap_or(0);
            let mentioned = row.group_at_info().is_some_and(|infos| !infos.is_empty());
            [1, u64::from(unread), u64::from(unread > 0), u64::from(mentioned)]
        });
        sums.fold([0; 4], |[a, b, c, d], [w, x, y, z]| [a + w, b + x, c + y, d + z])
    }

    /// The facets that some row has never been told.
    pub fn not_fetched(&self) -> Vec<Facet> {
        let any = |lacks: fn(&Conversation) -> bool| self.cloud.values().any(lacks);
        let mut facets = Vec::new();
        if any(|row| {
            row.profile.name.is_none() && row.conversation_type() != ConversationType::System
        }) {
            facets.push(Facet::Profile);
        }
        if any(|row| row.unread.count.is_none()) {
            facets.push(Facet::Unread);
        }
        if any(|row| row.last_message.is_none()) {
            facets.push(Facet::LastMessage);
        }
        facets
    }
}
