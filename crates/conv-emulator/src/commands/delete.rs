//! `recentcontact/delete`: removes one conversation from the list.
//!
//! Its marks and groups stay, and a new message makes the row again. `ClearRamble` 1 clears the
//! history of a user's conversation too; a group's history belongs to all members, and stays.
//!
//! UNCERTAIN: the code for a conversation that is missing is not documented. By default it
//! succeeds, since the caller's wish is fulfilled.

use super::{item, not_imported, nothing, write::Writer};
use crate::{
    Change,
    envelope::{Refusal, Reply},
    request::Fields,
};

pub(super) fn run(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let peer = item::read(body, item::TO_GROUPID)?;
    let history = body.number_or("ClearRamble", 0)? == 1;
    let mut open = writer.open(id).ok_or_else(|| not_imported(id))?;
    open.check_item(1, &peer)?;
    let absent = open.unknowns.delete_absent;
    if absent > 0 && !open.account.rows.contains_key(&peer) {
        return Err(Refusal::new(absent, format!("no conversation {peer}")));
    }
    let changed = open.account.delete(&peer, history);
    open.log(Change::Deleted { conversation: peer.to_string(), history }, changed);
    nothing()
}
