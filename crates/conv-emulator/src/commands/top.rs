//! `recentcontact/top`: conversations are pinned and unpinned.
//!
//! UNCERTAIN: the page says neither how many conversations a call may name (100 here, as in the
//! sibling commands, else 51006), nor what one bad item does to the others
//! ([`TopItems`](crate::TopItems)), nor that the 51st pin is refused with 51012, which only sibling
//! tables list. Pinning twice and unpinning what is not pinned succeed. Pinning what the list does
//! not hold makes a row without a message, as the web SDK does. A dissolved chat group is a bad
//! item (51007).

use super::{
    item, not_imported, nothing,
    write::{Open, Writer},
};
use crate::{
    Change, TopItems, code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::Peer,
};

const MAX_PINNED: usize = 50;

pub(super) fn run(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let pin = match body.number("OperationType")? {
        1 => true,
        2 => false,
        _ => return Err(body.refuse("OperationType must be 1 or 2")),
    };
    let items = body.objects("RecentContactItem")?;
    item::check_some(items.len())?;
    let peers: Vec<Result<Peer, Refusal>> =
        items.into_iter().map(|item| item::read(item, item::GROUP_ID)).collect();
    let mut open = writer.open(id).ok_or_else(|| not_imported(id))?;
    let checked = check(&open, peers, pin);
    let bad = checked.iter().find_map(|item| item.as_ref().err()).cloned();
    if let (TopItems::AllOrNothing, Some(bad)) = (open.unknowns.top, &bad) {
        return Err(bad.clone());
    }
    for peer in checked.into_iter().flatten() {
        apply(&mut open, &peer, pin);
    }
    bad.map_or_else(nothing, Err)
}

/// Finds the items that can be applied, in their order: pins count toward the limit as they come.
fn check(
    open: &Open<'_>,
    peers: Vec<Result<Peer, Refusal>>,
    pin: bool,
) -> Vec<Result<Peer, Refusal>> {
    let mut pinned = open.account.pinned();
    let mut added = Vec::new();
    let check_one = |(place, peer): (usize, Result<Peer, Refusal>)| {
        let peer = peer?;
        open.check_item(place, &peer)?;
        if !pin {
            return Ok(peer);
        }
        open.check_dissolved(&peer)?;
        let is_pinned = open.account.rows.get(&peer).is_some_and(|row| row.pinned);
        if !is_pinned && !added.contains(&peer) {
            if pinned >= MAX_PINNED {
                let info = "50 conversations are pinned already";
                return Err(Refusal::new(code::CONTACT_TOO_MANY_PINS, info));
            }
            pinned += 1;
            added.push(peer.clone());
        }
        Ok(peer)
    };
    (1..).zip(peers).map(check_one).collect()
}

fn apply(open: &mut Open<'_>, peer: &Peer, pin: bool) {
    let conversation = peer.to_string();
    let held = open.account.rows.get_mut(peer);
    if pin {
        let row = match held {
            Some(row) => row,
            None => open.account.insert_silently(peer),
        };
        let changed = !std::mem::replace(&mut row.pinned, true);
        open.log(Change::Pinned { conversation }, changed);
    } else {
        let changed = held.is_some_and(|row| std::mem::replace(&mut row.pinned, false));
        open.log(Change::Unpinned { conversation }, changed);
    }
}
