//! When an acknowledged mutation is over: a pass that began after the acknowledgement shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use conv_model::{ConversationId, GroupTarget, Mutation, Outbox, Pending, PendingState, Progress};
use serde::{Deserialize, Serialize};

use super::{SendView, Sender};
use crate::WriteKind;

/// The time until a pass is asked for again after one that showed nothing about a mutation.
const UNCLEAR: Duration = Duration::from_secs(60);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Settling {
    /// When each number was acknowledged.
    acked: BTreeMap<u64, Duration>,
    /// The numbers that a pass disagreed with, which began late enough to count.
    disagreed: BTreeSet<u64>,
    /// The numbers that followed another value of their slot: a stale read may show the one before
    /// that, and agree by accident.
    followed: BTreeSet<u64>,
    /// The beginning of a pass that was not compared yet.
    unjudged: Option<Duration>,
    /// The beginning of the newest pass that read the unread state of a conversation.
    unread_read: BTreeMap<ConversationId, Duration>,
}

/// The result of a pass for a mutation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Agrees,
    Disagrees,
    /// Another mutation, which the cloud may have applied, decides what it shows.
    Unclear,
}

impl Settling {
    pub(super) fn pass_finished(&mut self, began: Duration) {
        self.unjudged = self.unjudged.max(Some(began));
    }

    pub(super) fn unread_read(&mut self, began: Duration, ids: Vec<ConversationId>) {
        for id in ids {
            let read = self.unread_read.entry(id).or_default();
            *read = began.max(*read);
        }
    }

    /// Forgets numbers that are no longer settling, and notes those that come after one that is.
    pub(super) fn retain(&mut self, outbox: &Outbox) {
        self.followed.retain(|number| outbox.get(*number).is_some());
        for earlier in outbox.pending().filter(|one| one.state == PendingState::Settling) {
            let slot = earlier.mutation.slot();
            let later = outbox.of_slot(&slot).filter(|one| one.number > earlier.number);
            self.followed.extend(later.map(|one| one.number));
        }
        let settling = |pending: &&std::sync::Arc<Pending>| pending.state == PendingState::Settling;
        let open = outbox.pending().filter(settling);
        let numbers: BTreeSet<u64> = open.map(|pending| pending.number).collect();
        self.acked.retain(|number, _| numbers.contains(number));
        self.disagreed.retain(|number| numbers.contains(number));
        if !self.unread_read.is_empty() {
            let is_read = |pending: &Pending| matches!(pending.mutation, Mutation::Read { .. });
            self.unread_read
                .retain(|id, _| outbox.of_conversation(id).any(|pending| is_read(pending)));
        }
    }
}

impl Sender {
    /// Returns whether a pass shows what a mutation sets.
    pub(super) fn is_listed(&self, mutation: &Mutation) -> bool {
        WriteKind::of(mutation).is_some_and(|kind| match kind {
            WriteKind::Read | WriteKind::ReadGroup => {
                self.options.reads_unread && self.capabilities.is_listed(kind)
            }
            kind => self.capabilities.is_listed(kind),
        })
    }

    /// A pass is asked for once it can show the value, one for a burst.
    pub(super) fn acknowledged(&mut self, now: Duration, number: u64) {
        self.settling.acked.insert(number, now);
        self.passes.want(now.saturating_add(self.options.settle_after));
    }

    /// Settles what can be settled. Without a known acknowledgement, of an earlier run, this is its
    /// moment.
    pub(super) fn settle(&mut self, now: Duration, view: &dyn SendView) {
        let began = self.settling.unjudged.take();
        for pending in view.outbox().pending() {
            if pending.state != PendingState::Settling {
                continue;
            }
            if !self.is_listed(&pending.mutation) {
                self.unstored.push((pending.number, Progress::SettledUnseen));
                continue;
            }
            let Some(acked) = self.settling.acked.get(&pending.number).copied() else {
                // The earlier passes are not known. If they showed another value a moment ago, a
                // stale read may agree by accident and the row flicker once; but a process that
                // lives for seconds could never settle anything if it waited.
                self.acknowledged(now, pending.number);
                continue;
            };
            if self.was_read(pending, acked) {
                self.unstored.push((pending.number, Progress::Settled));
            } else if let Some(began) = began.filter(|began| acked <= *began) {
                self.judge(now, pending, acked, began, view);
            }
        }
    }

    /// Returns whether the unread state was read by a pass that began after the acknowledgement.
    fn was_read(&self, pending: &Pending, acked: Duration) -> bool {
        let Mutation::Read { id, .. } = &pending.mutation else { return false };
        self.settling.unread_read.get(id).is_some_and(|began| acked <= *began)
    }

    fn judge(
        &mut self,
        now: Duration,
        pending: &Pending,
        acked: Duration,
        began: Duration,
        view: &dyn SendView,
    ) {
        let counts_from = acked.saturating_add(self.options.settle_after);
        let progress = match shown(pending, view) {
            Shown::Agrees
                if began < counts_from && self.settling.followed.contains(&pending.number) =>
            {
                return self.passes.want(counts_from);
            }
            Shown::Agrees => Progress::Settled,
            Shown::Unclear => return self.passes.want(now.saturating_add(UNCLEAR)),
            Shown::Disagrees if began < counts_from => return self.passes.want(counts_from),
            Shown::Disagrees if self.settling.disagreed.insert(pending.number) => {
                return self.passes.want(now);
            }
            // Passes do not read it: the base takes the value over.
            Shown::Disagrees if matches!(pending.mutation, Mutation::Read { .. }) => {
                Progress::SettledUnseen
            }
            Shown::Disagrees => Progress::Overridden,
        };
        self.unstored.push((pending.number, progress));
    }
}

/// Compares a mutation with the rows of a pass. If the row is gone, no pass can show the value:
/// marks, custom data and groups outlive the row in the cloud.
fn shown(pending: &Pending, view: &dyn SendView) -> Shown {
    let is_met = match &pending.mutation {
        Mutation::Group { group_name, target } => match target {
            GroupTarget::Present => true,
            _ => !view.has_members(group_name.as_str()),
        },
        mutation => match mutation.conversation_id().and_then(|id| view.base(id)) {
            None => true,
            Some(row) => match mutation {
                Mutation::Pin { is_pinned, .. } => row.listing.is_pinned == *is_pinned,
                Mutation::Mark { mark_type, is_set, .. } => {
                    row.listing.marks.contains(*mark_type) == *is_set
                }
                Mutation::CustomData { custom_data, .. } => row.listing.custom_data == *custom_data,
                Mutation::Member { group_name, is_member, .. } => {
                    let mut groups = row.listing.groups.iter();
                    groups.any(|name| **name == *group_name.as_str()) == *is_member
                }
                // A newer message made the row again: that is news.
                Mutation::Delete { seen, .. } => row.listing.time.is_some_and(|time| time > *seen),
                Mutation::Remind { remind_type, .. } => {
                    row.unread.remind_type.as_ref().is_none_or(|known| known == remind_type)
                }
                _ => false,
            },
        },
    };
    match is_met {
        true => Shown::Agrees,
        false if is_overtaken(pending, view.outbox()) => Shown::Unclear,
        false => Shown::Disagrees,
    }
}

/// Returns whether a later mutation may be what the cloud shows: of the same slot, or of the same
/// conversation group as a whole.
fn is_overtaken(pending: &Pending, outbox: &Outbox) -> bool {
    let slot = pending.mutation.slot();
    let is_later = |other: &Pending| other.number > pending.number && other.state.is_shown();
    let names: Vec<_> = pending.mutation.group_names().collect();
    outbox.of_slot(&slot).any(|other| is_later(other))
        || outbox.of_groups().any(|other| {
            is_later(other) && other.mutation.group_names().any(|name| names.contains(&name))
        })
}
