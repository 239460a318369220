//! Values that the cloud has and no listing will say.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    ConversationId, GroupName, GroupNames, GroupTarget, Mutation, SyncState, overlay,
};

use super::Working;
use crate::{
    Record, StoreError, Write,
    apply::{
        change::{Encoding, encode_state, ensure_epoch},
        transaction::Guard,
    },
    list::{placed::Placed, row::Row, state::settled_coverage},
    record::{check_row, encode_row},
};

impl Working<'_> {
    /// Takes values over into the cloud's rows and the names of its groups.
    pub(super) fn take_over(
        &mut self,
        settled: &[Mutation],
        encoding: Encoding,
    ) -> Result<(), StoreError> {
        if settled.is_empty() {
            return Ok(());
        }
        let mut write = Write::new(self.before.written, self.before.next_seq());
        for id in self.concerned(settled) {
            self.take_over_row(&id, settled, &mut write, encoding)?;
        }
        let mut sync = SyncState::clone(&self.next.sync);
        sync.groups = renamed(&sync.groups, settled);
        let is_same_sync = sync.groups == self.next.sync.groups;
        sync.coverage = settled_coverage(&sync, self.next.base_len() > 0);
        if sync != *self.next.sync {
            self.next.sync = Arc::new(sync);
        }
        let has_epoch = self.next.sync.epoch.is_some();
        if !is_same_sync || !write.put.is_empty() || !write.delete.is_empty() {
            ensure_epoch(&mut self.next.sync);
        }
        let is_same_sync = is_same_sync && has_epoch == self.next.sync.epoch.is_some();
        // A record that is gone no longer carries the number of its write.
        if !is_same_sync || !write.delete.is_empty() {
            write
                .put
                .push((Record::State, encode_state(&self.next.sync, self.next.term, write.seq)?));
        }
        let is_stored = !write.put.is_empty() || encoding == Encoding::Skipped;
        self.base = Some(write).filter(|_| is_stored);
        Ok(())
    }

    /// Returns the conversations whose rows some mutations change.
    fn concerned(&self, settled: &[Mutation]) -> BTreeSet<ConversationId> {
        let own = settled.iter().filter_map(Mutation::conversation_id);
        let mut ids: BTreeSet<_> = own.cloned().collect();
        let groups = settled.iter().filter(|mutation| mutation.conversation_id().is_none());
        let names = groups.flat_map(Mutation::group_names).map(GroupName::as_str);
        let names: BTreeSet<&str> = names.collect();
        if !names.is_empty() {
            let is_in =
                |row: &&Row| row.base().listing.groups.iter().any(|name| names.contains(&**name));
            ids.extend(self.next.base_rows().filter(is_in).map(|row| row.base().id.clone()));
        }
        ids
    }

    fn take_over_row(
        &mut self,
        id: &ConversationId,
        settled: &[Mutation],
        write: &mut Write,
        encoding: Encoding,
    ) -> Result<(), StoreError> {
        let Some(row) = self.next.base_row(id) else { return Ok(()) };
        let record = Record::Row(id.clone());
        let Some(after) = overlay(row.base(), settled).map(Arc::new) else {
            self.touched.insert(id.clone());
            self.next.remove_row(id);
            write.delete.push(record);
            return Ok(());
        };
        if after == *row.base() {
            return Ok(());
        }
        // A listing that was asked for before must not undo it.
        let stamps = Guard::of_no_pass().stamps(Some(row), &after, write.seq);
        let encoded = match encoding {
            Encoding::Full => encode_row(&after, stamps, write.seq).map(Some),
            Encoding::Skipped => check_row(&after, stamps).map(|()| None),
        };
        match encoded {
            Ok(bytes) => write.put.extend(bytes.map(|bytes| (record, bytes))),
            // The mutation is done, and must not stay for ever because its row is too large.
            Err(StoreError::TooLarge { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        let placed = Placed::of(after, stamps, Some(row), self.next.overlays());
        self.touched.insert(id.clone());
        self.next.place(placed);
        Ok(())
    }
}

/// Returns the names of groups after some mutations of groups. The number of one that was created is
/// not known: it gets one from the end of the range, which the cloud does not use.
fn renamed(groups: &GroupNames, settled: &[Mutation]) -> GroupNames {
    let mut groups = groups.clone();
    let names = &mut groups.names;
    for mutation in settled {
        let Mutation::Group { group_name, target } = mutation else { continue };
        match target {
            GroupTarget::Present if !names.values().any(|name| name == group_name.as_arc()) => {
                let number = (0..u64::MAX).rev().find(|number| !names.contains_key(number));
                names.extend(number.map(|number| (number, group_name.as_arc().clone())));
            }
            GroupTarget::Absent => names.retain(|_, name| name != group_name.as_arc()),
            GroupTarget::Named(new) => {
                let old = names.values_mut().filter(|name| *name == group_name.as_arc());
                old.for_each(|name| name.clone_from(new.as_arc()));
            }
            _ => {}
        }
    }
    groups
}
