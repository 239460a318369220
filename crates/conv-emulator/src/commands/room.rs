//! The 1,000 places in a conversation group, and for conversations with marks or a custom text.
//!
//! UNCERTAIN: the REST pages have 51008 for the next one, the headers of the client SDKs say that
//! the oldest loses its place ([`WhenFull`]). The choice of the oldest is a guess: the one whose
//! labels have not changed for the longest time.

use super::write::Open;
use crate::{
    Change, WhenFull, code,
    envelope::Refusal,
    world::{Label, Peer},
};

const MAX_MEMBERS: usize = 1000;
const MAX_MARKED: usize = 1000;

/// Puts a conversation into a conversation group.
///
/// UNCERTAIN: for one that is inside already it succeeds.
pub(super) fn join(open: &mut Open<'_>, peer: &Peer, group: u32) -> Result<(), Refusal> {
    open.check_dissolved(peer)?;
    let is_inside = open.account.labels.get(peer).is_some_and(|held| held.groups.contains(&group));
    if !is_inside && open.account.group_size(group) >= MAX_MEMBERS {
        let oldest = open.account.oldest_member(group);
        let oldest = oldest.filter(|_| open.unknowns.full == WhenFull::EvictOldest);
        let oldest = oldest.ok_or_else(|| full("1000 conversations are in the group"))?;
        open.account.leave_group(&oldest, group, open.now);
        let group = Some(name(open, group));
        open.log(Change::Evicted { conversation: oldest.to_string(), group }, true);
    }
    open.account.join_group(peer, group, open.now);
    let (conversation, group) = (peer.to_string(), name(open, group));
    open.log(Change::Added { conversation, group }, !is_inside);
    Ok(())
}

/// Takes a conversation out of a conversation group.
///
/// UNCERTAIN: for one that is not inside it succeeds.
pub(super) fn leave(open: &mut Open<'_>, peer: &Peer, group: u32) {
    let is_inside = open.account.labels.get(peer).is_some_and(|held| held.groups.contains(&group));
    open.account.leave_group(peer, group, open.now);
    let (conversation, group) = (peer.to_string(), name(open, group));
    open.log(Change::Removed { conversation, group }, is_inside);
}

/// Makes room for one more conversation with marks or a custom text.
pub(super) fn make_room_for_marks(open: &mut Open<'_>) -> Result<(), Refusal> {
    if open.account.marked() < MAX_MARKED {
        return Ok(());
    }
    let oldest = open.account.oldest_marked();
    let oldest = oldest.filter(|_| open.unknowns.full == WhenFull::EvictOldest);
    let oldest = oldest.ok_or_else(|| full("1000 conversations are marked already"))?;
    open.account.relabel(&oldest, open.now, |label| {
        *label = Label { groups: std::mem::take(&mut label.groups), ..Label::default() };
    });
    open.log(Change::Evicted { conversation: oldest.to_string(), group: None }, true);
    Ok(())
}

fn name(open: &Open<'_>, group: u32) -> String {
    open.account.groups.get(&group).map(ToString::to_string).unwrap_or_default()
}

fn full(info: &str) -> Refusal {
    Refusal::new(code::CONTACT_FULL, info)
}
