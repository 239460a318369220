//! A store in few lines: plain maps, nothing shared, nothing incremental.

mod mutations;

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{
    Conversation, ConversationId, ConversationPatch, ConversationType, Coverage, Delta, Facet,
    Known, ListLimit, Local, Outbox, PassId, Pending, Prune, Seq, SyncState, SyncStep, Timestamp,
    list_order, merge,
};

pub(super) use self::mutations::number;

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
    /// True if the last change began a pass.
    pub(super) begins: bool,
    /// Counts changes.
    clock: u64,
    begun: u64,
    /// When each facet of a row changed last.
    stamps: BTreeMap<ConversationId, Stamps>,
    /// The user's changes that the cloud has yet to show.
    pub outbox: Outbox,
}

#[derive(Debug, Default)]
struct Stamps {
    listing: u64,
    pass: Option<PassId>,
    profile: u64,
    unread: u64,
    last_message: u64,
}

/// The author of a change, and when it was asked for.
#[derive(Clone, Copy)]
struct Writer {
    pass: Option<PassId>,
    asked: Option<u64>,
}

impl Naive {
    /// Applies a change, asked for after so many others. Gives the rows that want a profile; `None`
    /// if the change is refused.
    pub fn apply(&mut self, delta: &Delta, asked: Option<u64>) -> Option<Vec<ConversationId>> {
        self.begins = false;
        match delta.pass {
            Some(pass) if pass > PassId::NONE => {
                self.sync.admit(pass, delta.step.as_ref()).ok()?;
            }
            None if delta.step.is_none() => {}
            _ => return None,
        }
        let writer = Writer { pass: delta.pass, asked };
        self.clock += 1;
        let before = self.cloud.clone();
        for patch in &delta.listed {
            self.merge(patch, writer);
        }
        for patch in &delta.updates {
            self.amend(patch, writer);
        }
        for id in &delta.removed {
            self.remove(id, writer);
        }
        let pruned = self.pruned(delta);
        let unconfirmed = match &delta.prune {
            Some(Prune::Unconfirmed { .. }) => {
                let shown = self.rows();
                let is_left =
                    |id: &ConversationId| !self.keeps_listing(id, writer) && shown.contains_key(id);
                pruned.into_iter().filter(is_left).collect()
            }
            _ => {
                pruned.iter().for_each(|id| self.remove(id, writer));
                Vec::new()
            }
        };
        self.take_expired_messages(delta, writer);
        self.stamp(&before, delta.pass);
        self.step(delta);
        if delta.pass.is_some() && !unconfirmed.is_empty() {
            self.sync.unconfirmed = unconfirmed;
        }
        Some(self.needs_profile(delta))
    }

    /// Counts the changes so far.
    pub fn clock(&self) -> u64 {
        self.clock
    }

    fn stamp(&mut self, before: &Rows, pass: Option<PassId>) {
        for (id, row) in &self.cloud {
            let bare = Conversation::new(id.clone());
            let old = before.get(id);
            let stamps = self.stamps.entry(id.clone()).or_default();
            if old.is_none_or(|old| old.listing != row.listing) {
                (stamps.listing, stamps.pass) = (self.clock, pass);
            }
            let old = old.unwrap_or(&bare);
            if old.profile != row.profile {
                stamps.profile = self.clock;
            }
            let mut unread = old.unread.clone();
            if row.counts_unread() == Some(false) {
                // The type of a group clears its count, which is not an answer.
                unread.count = row.unread.count;
            }
            if unread != row.unread {
                stamps.unread = self.clock;
            }
            if old.last_message != row.last_message {
                stamps.last_message = self.clock;
            }
        }
    }

    fn keeps_listing(&self, id: &ConversationId, writer: Writer) -> bool {
        let Some(stamps) = self.stamps.get(id).filter(|_| self.cloud.contains_key(id)) else {
            return false;
        };
        match writer.pass {
            Some(_) => stamps.listing > self.begun && stamps.pass != writer.pass,
            None => writer.asked.is_some_and(|asked| stamps.listing > asked),
        }
    }

    fn amend(&mut self, patch: &ConversationPatch, writer: Writer) {
        if self.cloud.contains_key(&patch.id) {
            self.merge(patch, writer);
        }
    }

    fn merge(&mut self, patch: &ConversationPatch, writer: Writer) {
        let old = self.cloud.get(&patch.id);
        let mut row = merge(old, patch);
        let read = row.clone();
        if let (Some(old), Some(stamps)) = (old, self.stamps.get(&patch.id)) {
            if self.keeps_listing(&patch.id, writer) {
                row.listing = old.listing.clone();
            }
            let is_newer = |stamp: u64| writer.asked.is_some_and(|asked| stamp > asked);
            if is_newer(stamps.profile) {
                row.profile = old.profile.clone();
            }
            if is_newer(stamps.unread) {
                row.unread = old.unread.clone();
            }
            if is_newer(stamps.last_message) {
                row.last_message = old.last_message.clone();
            }
        }
        self.sync.is_overtaken |= writer.pass.is_some() && read != row;
        self.cloud.insert(patch.id.clone(), row);
    }

    fn remove(&mut self, id: &ConversationId, writer: Writer) {
        if self.keeps_listing(id, writer) {
            self.sync.is_overtaken |= writer.pass.is_some();
        } else {
            self.cloud.remove(id);
            self.stamps.remove(id);
        }
    }

    /// The rows that a rule names.
    fn pruned(&self, delta: &Delta) -> Vec<ConversationId> {
        let finished = match &delta.step {
            Some(SyncStep::Finish { finished, .. }) => Some(finished),
            _ => self.sync.finished.as_ref(),
        };
        let goes = |row: &&Conversation| match &delta.prune {
            Some(Prune::Unlisted { keep } | Prune::Unconfirmed { keep }) => !keep.contains(&row.id),
            Some(Prune::Gone { ids }) => ids.contains(&row.id),
            Some(Prune::Expired { now, retention }) => {
                let as_of = finished.and_then(|finished| finished.as_of);
                let end = end_of(row.listing.time, *retention);
                end.zip(as_of).is_some_and(|(end, as_of)| end > as_of && end <= *now)
            }
            _ => false,
        };
        self.cloud.values().filter(goes).map(|row| row.id.clone()).collect()
    }

    fn take_expired_messages(&mut self, delta: &Delta, writer: Writer) {
        let (now, retention) = match (&delta.prune, &delta.step) {
            (Some(Prune::Expired { now, retention }), _) => (*now, *retention),
            (_, Some(SyncStep::Finish { finished, .. })) => {
                let mut limits = finished.limit.iter();
                let kept = limits.find_map(|limit| match limit {
                    ListLimit::Retention(seconds) => Some(*seconds),
                    _ => None,
                });
                let (Some(as_of), Some(kept)) = (finished.as_of, kept) else { return };
                (as_of, kept)
            }
            _ => return,
        };
        for row in self.base().into_values() {
            let sent = row.last_message.value().and_then(|message| message.time);
            if end_of(sent, retention).is_some_and(|end| end <= now) {
                let mut patch = ConversationPatch::new(row.id);
                patch.last_message = Known::Nothing;
                self.amend(&patch, writer);
            }
        }
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
        if let Some(unnamed) = &delta.unnamed {
            self.sync.groups.unnamed = unnamed.clone();
        }
        if matches!(self.sync.coverage, Coverage::Empty | Coverage::CacheOnly) {
            let has_any = has_rows || self.sync.finished.is_some();
            self.sync.coverage = if has_any { Coverage::CacheOnly } else { Coverage::Empty };
        }
    }

    fn needs_profile(&self, delta: &Delta) -> Vec<ConversationId> {
        let mut needs_profile = Vec::new();
        for id in delta.listed.iter().map(|patch| &patch.id) {
            let Some(row) = self.cloud.get(id) else { continue };
            let wants = delta.profiles.is_due(&row.profile);
            if wants && id.as_str() != "@TIM#SYSTEM" && !needs_profile.contains(id) {
                needs_profile.push(id.clone());
            }
        }
        needs_profile
    }

    /// Sets local state; a part that is left out stays.
    pub fn put(&mut self, id: ConversationId, local: Local) {
        let old = self.locals.get(&id).cloned().unwrap_or_default();
        let new = old.merged(&local);
        if new.is_empty() {
            self.locals.remove(&id);
        } else {
            self.locals.insert(id, new);
        }
    }

    /// Changes the state as reopening a store does.
    pub fn reopen(&mut self) {
        self.sync = std::mem::take(&mut self.sync).reopened(!self.cloud.is_empty());
        let pending: Vec<_> = self.outbox.pending().map(|one| Pending::clone(one)).collect();
        self.outbox = Outbox::restore(pending, self.outbox.last_number());
    }

    /// The rows that the list shows.
    pub fn rows(&self) -> Rows {
        let base = self.base().into_values().map(Arc::new);
        let shown = base.filter_map(|row| self.outbox.shown(&row));
        shown.map(|row| (row.id.clone(), Conversation::clone(&row))).collect()
    }

    /// The cloud's rows with their local state.
    pub fn base(&self) -> Rows {
        let mut rows = self.cloud.clone();
        for (id, local) in &self.locals {
            if let Some(row) = rows.get_mut(id) {
                row.local = local.clone();
            }
        }
        rows
    }

    /// The rows that the list shows, in its order.
    pub fn list(&self) -> Vec<Conversation> {
        let mut rows: Vec<Conversation> = self.rows().into_values().collect();
        rows.sort_by(list_order);
        rows
    }

    /// Conversations, unread messages, conversations with any, and those with a mention.
    pub fn totals(&self) -> [u64; 4] {
        let sums = self.rows().into_values().map(|row| {
            let counts = !row.unread.is_muted() && row.counts_unread() == Some(true);
            let unread = row.unread.count.filter(|_| counts).unwrap_or(0);
            let mentioned = row.group_at_info().is_some_and(|infos| !infos.is_empty());
            [1, u64::from(unread), u64::from(unread > 0), u64::from(mentioned)]
        });
        sums.fold([0; 4], |[a, b, c, d], [w, x, y, z]| [a + w, b + x, c + y, d + z])
    }

    /// Returns the facets that were never fetched of some row.
    pub fn not_fetched(&self) -> Vec<Facet> {
        let shown = self.rows();
        let any = |lacks: fn(&Conversation) -> bool| shown.values().any(lacks);
        let mut facets = Vec::new();
        if any(|row| {
            row.profile.name.is_none() && row.conversation_type() != ConversationType::System
        }) {
            facets.push(Facet::Profile);
        }
        if any(|row| row.unread.count.is_none()) {
            facets.push(Facet::Unread);
        }
        if any(|row| !row.last_message.is_known()) {
            facets.push(Facet::LastMessage);
        }
        facets
    }
}

fn end_of(time: Option<Timestamp>, retention: u64) -> Option<Timestamp> {
    time.filter(|time| !time.is_zero()).map(|time| time.plus_secs(retention))
}
