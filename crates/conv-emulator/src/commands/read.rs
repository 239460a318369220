//! `openim/admin_set_msg_read`: a conversation with a user is read up to a time.
//!
//! `MsgReadTime` is a text in the documentation and an integer in a client library: both are
//! accepted, and without it the conversation is read up to now.
//!
//! UNCERTAIN: whether an earlier time than before takes reading back ([`ReadBack`](crate::ReadBack)),
//! and what happens to a conversation that is not there ([`ReadAbsent`]). An account that was not
//! imported answers 70107, as with the other commands of this service.

use super::{nothing, write::Writer};
use crate::{
    Change, ReadAbsent, code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::Peer,
};

pub(super) fn run(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let missing =
        |field: &str, code| body.text(field).map_err(|refusal| Refusal::new(code, refusal.info));
    let peer_id = missing("Peer_Account", code::MESSAGE_NO_PEER)?;
    let id = missing("Report_Account", code::MESSAGE_NO_READER)?;
    let until = body.number_or_text("MsgReadTime")?;
    let unknown = |id: &str| Refusal::new(code::ACCOUNT_NOT_FOUND, format!("no such account {id}"));
    let mut open = writer.open(id).ok_or_else(|| unknown(id))?;
    if !open.directory.users.contains_key(peer_id) {
        return Err(unknown(peer_id));
    }
    let until = until.unwrap_or(open.now);
    let peer = Peer::user(peer_id);
    open.check_item(1, &peer)?;
    let back = open.unknowns.read_back;
    let changed = match open.account.rows.get_mut(&peer) {
        Some(row) => row.read(until, back),
        None if open.unknowns.read_absent == ReadAbsent::EmptyRow => {
            open.account.insert_silently(&peer).read(until, back)
        }
        None => false,
    };
    open.log(Change::Read { conversation: peer.to_string(), until }, changed);
    nothing()
}
