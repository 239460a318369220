//! `recentcontact/mark_contact`: marks and custom texts.
//!
//! UNCERTAIN: whether the star is number 0 or 1 ([`MarkBase`]); a mark that is both set and cleared
//! (here it is cleared); in an edition without marks, items of `OptType` 1 and 3 fail with 51013 by
//! themselves, the custom text of the latter too; a custom text over 256 bytes fails its item with
//! 50002.

use serde_json::{Value, json};

use super::{
    item, not_imported, reply, room,
    write::{Open, Writer},
};
use crate::{
    Change as Logged, MarkBase, code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Label, Peer},
};

const MAX_CUSTOM: usize = 256;

/// The change of one item.
struct Change<'a> {
    kind: u64,
    peer: Peer,
    set: u64,
    clear: u64,
    custom: Option<&'a str>,
}

pub(super) fn run(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let items = body.objects("MarkItem")?;
    item::check_some(items.len())?;
    let mut open = writer.open(id).ok_or_else(|| not_imported(id))?;
    let base = open.unknowns.mark_base;
    let changes = items.into_iter().map(|item| read(item, base)).collect::<Result<Vec<_>, _>>()?;
    let results: Vec<Value> = (1..)
        .zip(changes)
        .map(|(place, change)| {
            let outcome = apply(&mut open, place, &change);
            let mut map = item::result(&change.peer, outcome);
            map.insert("OptType".into(), json!(change.kind));
            Value::Object(map)
        })
        .collect();
    reply(json!({"ResultItem": results}))
}

fn read(item: Fields<'_>, base: MarkBase) -> Result<Change<'_>, Refusal> {
    let kind = item.number("OptType")?;
    if !(1..=3).contains(&kind) {
        return Err(item.refuse("OptType must be 1, 2 or 3"));
    }
    let peer = item::read(item.object("ContactItem")?, item::TO_GROUP_ID)?;
    let (mut set, mut clear, mut custom) = (0, 0, None);
    if kind != 2 {
        set = bits(item, "SetMark", base)?;
        clear = bits(item, "ClearMark", base)?;
    }
    if kind != 1 && item.has("CustomMark") {
        // `text` does not fit, since it refuses an empty text, which removes the custom mark.
        custom = Some(item.text("CustomMark").unwrap_or_default());
    }
    Ok(Change { kind, peer, set, clear, custom })
}

/// Marks are asked for by their places, of which the first is the star.
fn bits(item: Fields<'_>, name: &str, base: MarkBase) -> Result<u64, Refusal> {
    let first = match base {
        MarkBase::Zero => 0,
        MarkBase::One => 1,
    };
    item.numbers_if_any(name)?.into_iter().try_fold(0, |bits, place| {
        let place = place.checked_sub(first).and_then(|place| u32::try_from(place).ok());
        let bit = place.and_then(|place| 1u64.checked_shl(place));
        bit.map(|bit| bits | bit)
            .ok_or_else(|| item.refuse(format!("{name} must be in {first}..={}", first + 63)))
    })
}

fn apply(open: &mut Open<'_>, place: usize, change: &Change<'_>) -> Result<(), Refusal> {
    open.check_item(place, &change.peer)?;
    if change.kind != 2 {
        open.check_edition()?;
    }
    if change.custom.is_some_and(|text| text.len() > MAX_CUSTOM) {
        return Err(Refusal::new(code::CONTACT_BAD_PARAMETER, "CustomMark is over 256 bytes"));
    }
    let before = open.account.labels.get(&change.peer).cloned().unwrap_or_default();
    let mut after = before.clone();
    change.write(&mut after);
    if after.is_marked() && !before.is_marked() {
        room::make_room_for_marks(open)?;
    }
    open.account.relabel(&change.peer, open.now, |label| change.write(label));
    let conversation = change.peer.to_string();
    if let Some(text) = change.custom {
        let (conversation, text) = (conversation.clone(), text.to_owned());
        open.log(Logged::CustomMark { conversation, text }, before.custom != after.custom);
    }
    if change.kind != 2 {
        let (set, clear) = (change.set, change.clear);
        open.log(Logged::Marked { conversation, set, clear }, before.marks != after.marks);
    }
    Ok(())
}

impl Change<'_> {
    fn write(&self, label: &mut Label) {
        label.marks = (label.marks | self.set) & !self.clear;
        if let Some(text) = self.custom {
            label.custom = text.into();
        }
    }
}
