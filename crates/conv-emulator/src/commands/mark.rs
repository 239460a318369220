//! `recentcontact/mark_contact`: marks and custom texts.

use serde_json::{Value, json};

use super::{Context, item, not_imported, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Account, Label, Peer},
};

/// The maximum number of marked conversations per account.
const MAX_MARKED: usize = 1000;
const MAX_CUSTOM: usize = 256;

/// The change of one item.
struct Change<'a> {
    kind: u64,
    peer: Peer,
    set: u64,
    clear: u64,
    custom: Option<&'a str>,
}

pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let items = body.objects("MarkItem")?;
    item::check_count(items.len())?;
    let changes = items.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut state = context.world.lock();
    let now = state.now();
    let account = state.account(id).ok_or_else(|| not_imported(id))?;
    let results: Vec<Value> = changes
        .into_iter()
        .map(|change| {
            let outcome = apply(account, &change, now);
            let mut map = item::result(&change.peer, outcome);
            map.insert("OptType".into(), json!(change.kind));
            Value::Object(map)
        })
        .collect();
    reply(json!({"ResultItem": results}))
}

fn read(item: Fields<'_>) -> Result<Change<'_>, Refusal> {
    let kind = item.number("OptType")?;
    if !(1..=3).contains(&kind) {
        return Err(item.refuse("OptType must be 1, 2 or 3"));
    }
    let peer = item::read(item.object("ContactItem")?, item::TO_GROUP_ID)?;
    let (mut set, mut clear, mut custom) = (0, 0, None);
    if kind != 2 {
        set = bits(item, "SetMark")?;
        clear = bits(item, "ClearMark")?;
    }
    if kind != 1 && item.has("CustomMark") {
        // `text` does not fit, since it refuses an empty text, which removes the custom mark.
        custom = Some(item.text("CustomMark").unwrap_or_default());
    }
    Ok(Change { kind, peer, set, clear, custom })
}

/// Reads marks, which requests name by position: 0 is the star.
fn bits(item: Fields<'_>, name: &str) -> Result<u64, Refusal> {
    item.numbers_if_any(name)?.into_iter().try_fold(0, |bits, place| {
        let place = u32::try_from(place).ok();
        let bit = place.and_then(|place| 1u64.checked_shl(place));
        bit.map(|bit| bits | bit).ok_or_else(|| item.refuse(format!("{name} must be in 0..=63")))
    })
}

fn apply(account: &mut Account, change: &Change<'_>, now: u64) -> Result<(), Refusal> {
    if change.custom.is_some_and(|text| text.len() > MAX_CUSTOM) {
        return Err(Refusal::new(code::CONTACT_BAD_PARAMETER, "CustomMark is over 256 bytes"));
    }
    let marked = account.labels.get(&change.peer).is_some_and(Label::is_marked);
    if !marked && account.marked() >= MAX_MARKED {
        return Err(Refusal::new(code::CONTACT_FULL, "1000 conversations are marked already"));
    }
    account.relabel(&change.peer, now, |label| {
        label.marks = (label.marks | change.set) & !change.clear;
        if let Some(text) = change.custom {
            label.custom = text.into();
        }
    });
    Ok(())
}
