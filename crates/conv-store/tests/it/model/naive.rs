//! A store in few lines: plain maps, nothing shared, nothing incremental.

use std::collections::BTreeMap;

use conv_model::{
    Conversation, ConversationId, ConversationPatch, ConversationType, Coverage, Delta, Facet,
    Local, PassId, Prune, Seq, SyncState, SyncStep, list_order, merge,
};

pub(crate) type Rows = BTreeMap<ConversationId, Conversation>;

#[derive(Debug, Default)]
pub(crate) struct Naive {
    cloud: Rows,
    pub(crate) locals: BTreeMap<ConversationId, Local>,
    pub(crate) sync: SyncState,
    /// Whether the last change began a pass.
    pub(crate) begins: bool,
    /// Counts changes.
    clock: u64,
    begun: u64,
    /// When a listing changed last, and by which pass.
    stamps: BTreeMap<ConversationId, (u64, Option<PassId>)>,
}

impl Naive {
    /// The rows that want a profile; `None` if the change is refused.
    pub(crate) fn apply(&mut self, delta: &Delta) -> Option<Vec<ConversationId>> {
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

    pub(crate) fn put(&mut self, id: ConversationId, local: Local) {
        let old = self.locals.get(&id).cloned().unwrap_or_default();
        let new = old.merged(&local);
        if new != old {
            self.locals.insert(id, new);
        }
    }

    pub(crate) fn reopen(&mut self) {
        self.sync = std::mem::take(&mut self.sync).reopened(!self.cloud.is_empty());
    }

    /// Rows with their local state.
    pub(crate) fn rows(&self) -> Rows {
        let mut rows = self.cloud.clone();
        for (id, local) in &self.locals {
            if let Some(row) = rows.get_mut(id) {
                row.local = local.clone();
            }
        }
        rows
    }

    pub(crate) fn list(&self) -> Vec<Conversation> {
        let mut rows: Vec<Conversation> = self.rows().into_values().collect();
        rows.sort_by(list_order);
        rows
    }

    pub(crate) fn totals(&self) -> [u64; 4] {
        let mut sums = [0; 4];
        for row in self.cloud.values() {
            let unread = row.unread.count.filter(|_| !row.unread.is_muted()).unwrap_or(0);
            sums[0] += 1;
            sums[1] += u64::from(unread);
            sums[2] += u64::from(unread > 0);
            sums[3] += u64::from(row.group_at_info().is_some_and(|infos| !infos.is_empty()));
        }
        sums
    }

    pub(crate) fn not_fetched(&self) -> Vec<Facet> {
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
