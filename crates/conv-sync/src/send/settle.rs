//! The end of an acknowledged mutation: a pass that began after the acknowledgement shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use conv_model::{
    ConversationId, GroupTarget, Mutation, Outbox, PassId, Pending, PendingState, Progress,
};
use serde::{Deserialize, Serialize};

use super::{FinishedPass, SendView, Sender};
use crate::WriteKind;

/// The time until a pass is asked for again after one that showed nothing about a mutation.
const UNCLEAR: Duration = Duration::from_secs(60);

/// The time after which a mutation ends of which no pass could name the conversation groups.
const UNNAMED: Duration = Duration::from_secs(10 * 60);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Settling {
    /// When each number was acknowledged, on this sender's clock.
    acked: BTreeMap<u64, Acked>,
    /// A pass that was not compared yet.
    unjudged: Option<FinishedPass>,
    /// The beginning of the newest pass that read the unread state of a conversation.
    unread_read: BTreeMap<ConversationId, Duration>,
}

/// The moment of an acknowledgement, as passes are compared with it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Acked {
    /// A pass that began before says nothing.
    since: Duration,
    /// A pass that began before may show an older value.
    counts_from: Duration,
    /// Of an earlier sender: a pass up to this one says nothing.
    after: Option<PassId>,
}

impl Acked {
    /// Returns whether the newest pass, which began at a moment, began after the acknowledgement.
    fn is_before(&self, began: Duration, newest: Option<PassId>) -> bool {
        self.since <= began && self.after.is_none_or(|after| newest > Some(after))
    }
}

/// The result of a pass for a mutation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Agrees,
    Disagrees,
    /// The row is gone, or was not there yet when the pass read it.
    Absent,
    /// Another mutation, which the cloud may have applied, decides what it shows.
    Unclear,
    /// The pass did not read the names of the groups that it is about.
    Unnamed,
}

impl Settling {
    pub(super) fn pass_finished(&mut self, pass: FinishedPass) {
        if self.unjudged.as_ref().is_none_or(|known| known.began <= pass.began) {
            self.unjudged = Some(pass);
        }
    }

    pub(super) fn unread_read(&mut self, began: Duration, ids: Vec<ConversationId>) {
        for id in ids {
            let read = self.unread_read.entry(id).or_default();
            *read = began.max(*read);
        }
    }

    /// Forgets numbers that are no longer settling.
    pub(super) fn retain(&mut self, outbox: &Outbox) {
        let settling = |pending: &&std::sync::Arc<Pending>| pending.state == PendingState::Settling;
        let open = outbox.pending().filter(settling);
        let numbers: BTreeSet<u64> = open.map(|pending| pending.number).collect();
        self.acked.retain(|number, _| numbers.contains(number));
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
        let counts_from = now.saturating_add(self.options.settle_after);
        self.settling.acked.insert(number, Acked { since: now, counts_from, after: None });
        self.passes.want(counts_from);
    }

    /// Returns the moment of an acknowledgement. That of an earlier sender is placed on this one's
    /// clock by the wall time since; where that is not known, or went back, it counts as just made,
    /// which only delays the end.
    fn acked(&mut self, now: Duration, pending: &Pending, view: &dyn SendView) -> Acked {
        if let Some(acked) = self.settling.acked.get(&pending.number) {
            return *acked;
        }
        let known = pending.acknowledged.unwrap_or_default();
        let elapsed = known.at.zip(view.wall_time()).map_or(0, |(at, time)| {
            // Seconds are cut: one of them may be missing.
            time.as_secs().saturating_sub(at.as_secs()).saturating_sub(1)
        });
        let settle_after = self.options.settle_after;
        let counts_from =
            now.saturating_add(settle_after).saturating_sub(Duration::from_secs(elapsed));
        let after = known.pass.filter(|_| view.newest_pass().is_some());
        let since = if after.is_some() { Duration::ZERO } else { now };
        let acked = Acked { since, counts_from, after };
        self.settling.acked.insert(pending.number, acked);
        // A process that has just begun often makes a pass by itself.
        self.passes.want(now.saturating_add(settle_after));
        acked
    }

    /// Settles what can be settled.
    pub(super) fn settle(&mut self, now: Duration, view: &dyn SendView) {
        let pass = self.settling.unjudged.take();
        for pending in view.outbox().pending() {
            if pending.state != PendingState::Settling {
                continue;
            }
            // No pass will show what another app's cloud has.
            if self.is_foreign(pending) {
                self.unstored.push((pending.number, Progress::Settled));
                continue;
            }
            if !self.is_listed(&pending.mutation) {
                self.unstored.push((pending.number, Progress::SettledUnseen));
                continue;
            }
            let acked = self.acked(now, pending, view);
            let newest = view.newest_pass();
            if self.was_read(pending, acked, newest) {
                self.unstored.push((pending.number, Progress::Settled));
            } else if let Some(pass) = pass.as_ref().filter(|it| acked.is_before(it.began, newest))
            {
                self.judge(now, pending, acked.counts_from, pass, view);
            }
        }
    }

    /// Returns whether the unread state was read by a pass that began after the acknowledgement.
    fn was_read(&self, pending: &Pending, acked: Acked, newest: Option<PassId>) -> bool {
        let Mutation::Read { id, .. } = &pending.mutation else { return false };
        self.settling.unread_read.get(id).is_some_and(|began| acked.is_before(*began, newest))
    }

    fn judge(
        &mut self,
        now: Duration,
        pending: &Pending,
        counts_from: Duration,
        pass: &FinishedPass,
        view: &dyn SendView,
    ) {
        let (began, newest) = (pass.began, view.newest_pass());
        let disagreed = pending.acknowledged.and_then(|known| known.disagreed);
        let progress = match shown(pending, pass, view) {
            Shown::Agrees if began < counts_from && pending.follows_another => {
                return self.passes.want(counts_from);
            }
            // A message makes the row again, and only a late pass cannot show what it had before.
            Shown::Absent if began < counts_from => return self.passes.want(counts_from),
            Shown::Agrees | Shown::Absent => Progress::Settled,
            // The names may come with a later pass. If they never do, the base takes the value over.
            Shown::Unnamed if began >= counts_from.saturating_add(UNNAMED) => {
                Progress::SettledUnseen
            }
            Shown::Unclear | Shown::Unnamed => {
                return self.passes.want(now.saturating_add(UNCLEAR));
            }
            Shown::Disagrees if began < counts_from => return self.passes.want(counts_from),
            Shown::Disagrees if disagreed.is_none() => {
                self.passes.want(now);
                Progress::Disagreed(newest)
            }
            // It is the same pass, compared once more by another sender.
            Shown::Disagrees if newest.is_some() && newest <= disagreed => {
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

/// Compares a mutation with the rows of a pass. If the row is gone, no pass can show the value; with its
/// next message the row is there again, and shows it.
fn shown(pending: &Pending, pass: &FinishedPass, view: &dyn SendView) -> Shown {
    let is_met = match &pending.mutation {
        Mutation::Group { group_name, target } => match target {
            GroupTarget::Present => true,
            _ => !view.has_members(group_name.as_str()),
        },
        mutation => match mutation.conversation_id().and_then(|id| view.base(id)) {
            None if matches!(mutation, Mutation::Delete { .. }) => true,
            None => return Shown::Absent,
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
        false if is_unnamed(&pending.mutation, pass) => Shown::Unnamed,
        false => Shown::Disagrees,
    }
}

/// Returns whether a pass could not say what a mutation of conversation groups set: its rows show the
/// names or the groups that they had before.
fn is_unnamed(mutation: &Mutation, pass: &FinishedPass) -> bool {
    match mutation {
        Mutation::Member { id, .. } => pass.unnamed.contains(id),
        Mutation::Group { .. } => !pass.unnamed.is_empty(),
        _ => false,
    }
}

/// Returns whether a later mutation may be what the cloud shows: of the same slot, or of the same
/// conversation group as a whole.
fn is_overtaken(pending: &Pending, outbox: &Outbox) -> bool {
    let slot = pending.mutation.slot();
    let is_later = |other: &Pending| other.number > pending.number && other.is_shown();
    let names: Vec<_> = pending.mutation.group_names().collect();
    outbox.of_slot(&slot).any(|other| is_later(other))
        || outbox.of_groups().any(|other| {
            is_later(other) && other.mutation.group_names().any(|name| names.contains(&name))
        })
}
