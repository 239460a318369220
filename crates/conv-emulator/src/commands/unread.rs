//! `openim/get_c2c_unread_msg_num`: unread counts of conversations with users.

use serde_json::{Map, Value, json};

use super::{Context, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::Peer,
};

const MAX_PEERS: usize = 10;

pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("To_Account")?;
    let peers = body.texts_if_any("Peer_Account")?;
    if peers.as_ref().is_some_and(|peers| peers.len() > MAX_PEERS) {
        return Err(body.refuse("more than 10 peers in a call"));
    }
    let mut state = context.world.lock();
    let (account, directory) = state
        .account_and_directory(id)
        .ok_or_else(|| Refusal::new(code::ACCOUNT_NOT_FOUND, format!("no such account {id}")))?;
    let account = account.shown();
    let Some(peers) = peers else {
        let users = account.rows.iter().filter(|(peer, _)| matches!(peer, Peer::User(_)));
        let all: u64 = users.map(|(_, row)| u64::from(row.unread)).sum();
        return reply(json!({"AllC2CUnreadMsgNum": all}));
    };
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        peers.into_iter().partition(|peer| directory.users.contains_key(*peer));
    let counts: Vec<Value> = known
        .into_iter()
        .map(|peer| {
            let unread = account.rows.get(&Peer::user(peer)).map_or(0, |row| row.unread);
            json!({"Peer_Account": peer, "C2CUnreadMsgNum": unread})
        })
        .collect();
    let errors: Vec<Value> = unknown
        .into_iter()
        .map(|peer| json!({"Peer_Account": peer, "ErrorCode": code::ACCOUNT_NOT_FOUND}))
        .collect();
    let mut answer = Map::new();
    answer.insert("C2CUnreadMsgNumList".into(), json!(counts));
    if !errors.is_empty() {
        answer.insert("ErrorList".into(), json!(errors));
    }
    Ok(answer)
}
