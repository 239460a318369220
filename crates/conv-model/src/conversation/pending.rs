//! The parts of a row that the cloud has yet to confirm.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Aspect, GroupTarget, Mutation, Pending, PendingState, Slot};

/// The parts of a row that mutations set and the cloud has yet to confirm, and how far those have
/// come; `None` where the row shows what the cloud said.
///
/// Of several mutations of one part, such as two marks, the one that has come least far counts:
/// failed, held, queued, sending, settling. A part whose mutation failed shows the cloud's value
/// again.
///
/// A store sets it in the rows that it shows. No cloud knows it, and no patch carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PendingFacets {
    /// The pin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<PendingState>,
    /// The marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<PendingState>,
    /// The app's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<PendingState>,
    /// The conversation groups that the row is in, and their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<PendingState>,
    /// The time up to which the user has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<PendingState>,
    /// The way new messages are announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind_type: Option<PendingState>,
    /// The deletion of the row. A row shows it after the deletion failed, and if a message came
    /// that is newer than the newest one that the user saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<PendingState>,
}

impl PendingFacets {
    /// Returns true if the row shows what the cloud said in every part.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a mutation of a row that is in some conversation groups so far.
    pub(crate) fn add(&mut self, pending: &Pending, groups: &[Arc<str>]) {
        let Some(part) = self.part(&pending.mutation, groups) else { return };
        let is_further = |known: PendingState| progress(known) <= progress(pending.state);
        if !part.is_some_and(is_further) {
            *part = Some(pending.state);
        }
    }

    /// Returns the part that a mutation sets; `None` for a change of a group that the row is not in.
    fn part(
        &mut self,
        mutation: &Mutation,
        groups: &[Arc<str>],
    ) -> Option<&mut Option<PendingState>> {
        let aspect = match (mutation.slot(), mutation) {
            (Slot::Conversation(_, aspect), _) => aspect,
            (Slot::Group(_), Mutation::Group { target: GroupTarget::Present, .. }) => return None,
            (Slot::Group(name), _) => {
                let is_in = groups.iter().any(|group| **group == *name.as_str());
                return is_in.then_some(&mut self.groups);
            }
        };
        Some(match aspect {
            Aspect::Exists => &mut self.deletion,
            Aspect::Pinned => &mut self.pin,
            Aspect::Mark(_) => &mut self.marks,
            Aspect::CustomData => &mut self.custom_data,
            Aspect::Member(_) => &mut self.groups,
            Aspect::ReadTo => &mut self.read,
            Aspect::RemindType => &mut self.remind_type,
        })
    }
}

/// Returns the rank of a state by progress; a failed mutation has the lowest.
fn progress(state: PendingState) -> u8 {
    match state {
        PendingState::Failed => 0,
        PendingState::Held => 1,
        PendingState::Queued => 2,
        PendingState::Sending => 3,
        PendingState::Settling => 4,
    }
}
