//! `openim/get_c2c_unread_msg_num`: unread messages of one-to-one conversations.
//!
//! After Tencent's documentation of get_c2c_unread_msg_num: at most ten peers per call.

use std::collections::HashMap;

use conv_model::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Command, lenient::Lenient, object::object, reply::Reply};
use crate::SourceError;

/// The maximum number of peers per call.
pub(in crate::rest) const MAX_PEERS: usize = 10;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "To_Account")]
    account: &'a str,
    #[serde(rename = "Peer_Account")]
    peers: &'a [&'a str],
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, peers: &'a [&'a str]) -> Self {
        Self { account: account.as_str(), peers }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "openim/get_c2c_unread_msg_num";

    type Answer = Counts;

    fn read(&self, reply: &Reply) -> Result<Counts, SourceError> {
        read(reply)
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "C2CUnreadMsgNumList", default, borrow)]
    counts: Option<Vec<&'a RawValue>>,
    #[serde(rename = "ErrorList", default, borrow)]
    errors: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "Peer_Account", default)]
    peer: Lenient<String>,
    #[serde(rename = "C2CUnreadMsgNum", default)]
    count: Lenient<u64>,
    #[serde(rename = "ErrorCode", default)]
    code: Lenient<i32>,
}

/// The count or error of each peer that a reply names.
pub(in crate::rest) type Counts = HashMap<String, Result<u32, SourceError>>;

/// Reads a reply.
pub(in crate::rest) fn read(reply: &Reply) -> Result<Counts, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let counts = body.counts.unwrap_or_default();
    let errors = body.errors.unwrap_or_default();
    let counts = counts.iter().filter_map(|item| {
        let item: Item = object(item.get())?;
        let count = u32::try_from(item.count.any()?).unwrap_or(u32::MAX);
        Some((item.peer.any()?, Ok(count)))
    });
    let errors = errors.iter().filter_map(|item| {
        let item: Item = object(item.get())?;
        Some((item.peer.any()?, Err(reply.item_error(item.code.any().unwrap_or_default(), ""))))
    });
    Ok(counts.chain(errors).collect())
}
