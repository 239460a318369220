//! The next action of a user or another device.

use std::sync::Arc;

use conv_api::{
    ConversationId, GroupName, IfNewer, MarkType, Mutation, RemindType, Snapshot, Timestamp,
    model::{GroupTarget, ReadMark},
    sync::{MarkItem, WriteCall},
};
use fastrand::Rng;

use super::world::{MARKS, NAMES};

fn name(rng: &mut Rng) -> GroupName {
    rng.choice(NAMES).unwrap().parse().unwrap()
}

fn mark(rng: &mut Rng) -> MarkType {
    MarkType::from_bit(rng.choice(MARKS).unwrap()).unwrap()
}

fn text(rng: &mut Rng) -> Arc<str> {
    rng.choice(["", "vip", "later"]).unwrap().into()
}

/// A change of the list that the user sees; it may be refused.
pub fn mutation(rng: &mut Rng, list: &Snapshot) -> Mutation {
    let rows: Vec<_> = list.rows().cloned().collect();
    // Few conversations are changed often.
    let few = rows.len().min(if rng.bool() { 2 } else { rows.len() });
    let Some(row) = rng.choice(rows.iter().take(few)) else {
        return Mutation::Group { group_name: name(rng), target: GroupTarget::Present };
    };
    let id = row.id.clone();
    match rng.u8(..20) {
        0..=4 => Mutation::Pin { id, is_pinned: rng.bool() },
        5..=7 => Mutation::Mark { id, mark_type: mark(rng), is_set: rng.bool() },
        8 | 9 => Mutation::CustomData { id, custom_data: text(rng) },
        10..=12 => Mutation::Member { id, group_name: name(rng), is_member: rng.u8(..3) > 0 },
        13 => Mutation::Group { group_name: name(rng), target: GroupTarget::Present },
        14 => {
            let target = GroupTarget::Named(name(rng));
            Mutation::Group { group_name: name(rng), target }
        }
        15 => Mutation::Group { group_name: name(rng), target: GroupTarget::Absent },
        16 | 17 => Mutation::Delete {
            id,
            seen: row.listing.time.unwrap_or_default(),
            clears_history: rng.bool(),
            if_newer: *rng
                .choice(&[IfNewer::GiveUp, IfNewer::GiveUp, IfNewer::KeepHistory, IfNewer::Delete])
                .unwrap(),
        },
        18 => {
            let time = row.listing.time.unwrap_or(Timestamp::from_secs(1));
            Mutation::Read { id, until: ReadMark::new(time, 0), count: 0 }
        }
        _ => {
            let kinds = [RemindType::AcceptAndNotify, RemindType::Discard];
            Mutation::Remind { id, remind_type: rng.choice(kinds).unwrap() }
        }
    }
}

/// A change that another device makes.
pub fn call(rng: &mut Rng, ids: &[ConversationId]) -> WriteCall {
    let id = rng.choice(ids).unwrap().clone();
    match rng.u8(..12) {
        0..=3 => WriteCall::Pin { ids: vec![id], is_pinned: rng.bool() },
        4 | 5 => {
            let mut item = MarkItem::new(id);
            let marks = if rng.bool() { &mut item.set } else { &mut item.clear };
            *marks = marks.with(mark(rng));
            WriteCall::Mark { items: vec![item] }
        }
        6 => WriteCall::CustomData { items: vec![(id, text(rng))] },
        7 => WriteCall::CreateGroup { name: name(rng), ids: vec![id] },
        8 => WriteCall::RenameGroup { old: name(rng), new: name(rng) },
        9 => WriteCall::DeleteGroup { name: name(rng) },
        10 => WriteCall::Members { name: name(rng), items: vec![(id, rng.bool())] },
        _ => WriteCall::Delete { id, clears_history: false, seen: None, if_newer: IfNewer::GiveUp },
    }
}
