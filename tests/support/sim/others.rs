//! Writes of others while a pass runs: of this process, and of another one on the same records.

use conv_api::{
    ConversationId, ConversationPatch, ConversationStore, ListingPatch, Timestamp,
    model::{Delta, Local},
};

use super::{run::Sim, witness::Broken, world::Row};

/// Counts that no answer of the cloud gives.
const HINTS: std::ops::Range<u32> = 100_000..200_000;

impl Sim {
    /// A webhook reports a message, and the user writes a draft.
    pub(super) async fn others_write(&mut self) {
        if self.rng.u8(..10) == 0 {
            self.other_lists().await;
        }
        if self.rng.u8(..10) == 0 {
            self.writes_draft().await;
        }
    }

    async fn writes_draft(&mut self) {
        let id = ConversationId::c2c(&format!("u{:03}", self.rng.u8(..80))).unwrap();
        let text = format!("draft {}", self.rng.u32(..));
        let put = self.store.put_local(id.clone(), Local::draft(text.as_str())).await;
        match put {
            Ok(_) => drop(self.drafts.insert(id, text)),
            // It may be there or not.
            Err(_) => drop(self.drafts.remove(&id)),
        }
    }

    /// Another device pins a row through the source, takes that back, or deletes a row; this one's
    /// user writes a draft. At times the source gets the rest of its list.
    pub(super) async fn device_writes(&mut self) {
        for _ in 0..[0, 0, 0, 1, 2][self.rng.usize(..5)] {
            self.cloud.lock().write(&mut self.rng);
        }
        if self.rng.u8(..10) == 0 {
            self.cloud.lock().is_partial = false;
        }
        if self.rng.u8(..10) == 0 {
            self.writes_draft().await;
        }
    }

    /// The cloud changes once; of 100 rows that are other than before others hear of so many.
    pub(super) async fn others_hear(&mut self, percent: u8) {
        let before = self.cloud.lock().world.rows.clone();
        self.cloud.lock().change();
        let after = self.cloud.lock().world.rows.clone();
        let is_new = |(id, row): &(&ConversationId, &Row)| before.get(*id) != Some(row);
        let changed: Vec<_> = after.iter().filter(is_new).collect();
        let gone: Vec<_> = before.keys().filter(|id| !after.contains_key(*id)).collect();
        let mut delta = Delta::default();
        for (id, row) in changed {
            if self.rng.u8(..100) < percent {
                delta.listed.push(patch(id, *row));
            }
        }
        for id in gone {
            if self.rng.u8(..100) < percent {
                delta.removed.push(id.clone());
            }
        }
        self.store.apply(delta).await.unwrap();
    }

    async fn other_lists(&mut self) {
        let ids: Vec<_> = self.cloud.lock().world.rows.keys().cloned().collect();
        let Some(id) = self.rng.choice(ids) else {
            return;
        };
        let time = self.cloud.lock().world.now + 1_000;
        let patch = patch(&id, Row { time, pinned: false });
        let commit = self.other.apply(Delta::listed([patch])).await.unwrap();
        self.other_written = commit.written;
        // A patch without a new value changes nothing, and is not guarded.
        if !commit.changes.is_empty() {
            self.outside.insert(id, Row { time, pinned: false });
        }
    }

    /// The other process learns of unread messages; at times it takes back what it said, so
    /// that its writes cancel out.
    pub(super) async fn others_count(&mut self) {
        if self.rng.u8(..6) != 0 {
            return;
        }
        let rows: Vec<_> = self.held_ids();
        let Some(id) = self.rng.choice(rows) else {
            return;
        };
        let before = self.other.snapshot().get(&id).and_then(|row| row.unread.count);
        let count = self.rng.u32(HINTS);
        self.other_counts(&id, count).await;
        if let Some(before) = before.filter(|_| self.rng.bool()) {
            self.other_counts(&id, before).await;
        }
    }

    async fn other_counts(&mut self, id: &ConversationId, count: u32) {
        let mut patch = ConversationPatch::new(id.clone());
        patch.unread.count = Some(count);
        let commit = self.other.apply(Delta::updates([patch])).await.unwrap();
        self.other_written = commit.written;
        if commit.changes.is_empty() {
            return;
        }
        let mut state = self.cloud.lock();
        state.tick += 1;
        self.counted.insert(id.clone(), (state.tick, count));
    }

    fn held_ids(&self) -> Vec<ConversationId> {
        let rows = self.other.snapshot().list(&conv_api::ConversationQuery::All);
        rows.iter().map(|row| row.id.clone()).collect()
    }

    /// An answer overwrites what others stored only if it was asked for later. A store that has not
    /// yet heard of the other process shows neither.
    pub(super) fn check_counts(&mut self) {
        let snapshot = self.store.snapshot();
        if snapshot.written() < self.other_written {
            return;
        }
        let state = self.cloud.lock();
        let is_newer =
            |id: &ConversationId, tick: u64| state.asked.get(id).is_none_or(|asked| *asked < tick);
        let is_lost = |(id, (tick, count)): (&ConversationId, &(u64, u32))| {
            let row = snapshot.get(id).filter(|_| is_newer(id, *tick));
            row.is_some_and(|row| row.unread.count != Some(*count))
        };
        if self.counted.iter().any(is_lost) {
            self.broken.insert(Broken::Facet);
        }
    }

    pub(super) fn check_outside(&mut self) {
        let snapshot = self.store.snapshot();
        if snapshot.written() < self.other_written {
            return;
        }
        let held = |id| snapshot.get(id).map(|row| super::witness::held(&row).1);
        if self.outside.iter().any(|(id, row)| held(id) != Some(*row)) {
            self.broken.insert(Broken::Outside);
        }
    }

    pub(super) fn check_drafts(&mut self) {
        let snapshot = self.store.snapshot();
        let is_kept = |(id, text): (&ConversationId, &String)| {
            let is_it = |local: &Local| local.draft_text().is_some_and(|draft| **draft == **text);
            snapshot.local(id).as_ref().is_some_and(is_it)
                && snapshot.get(id).is_none_or(|row| is_it(&row.local))
        };
        if !self.drafts.iter().all(is_kept) {
            self.broken.insert(Broken::Local);
        }
    }
}

fn patch(id: &ConversationId, row: Row) -> ConversationPatch {
    let mut listing = ListingPatch::at(Timestamp::from_secs(row.time));
    listing.is_pinned = Some(row.pinned);
    let mut patch = ConversationPatch::new(id.clone());
    patch.listing = Some(listing);
    patch
}
