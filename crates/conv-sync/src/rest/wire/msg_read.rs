//! `openim/admin_set_msg_read`: a conversation with a user is read up to a time.
//!
//! After doc 38996. `MsgReadTime` is in seconds. The page has it as a text and a client library as a
//! number, which is sent. It is optional and always sent: without it the cloud takes the time at
//! which the call arrives, and messages that the user never saw would count as read.

use conv_model::{AccountId, Timestamp};
use serde::Serialize;

use super::{Command, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "Report_Account")]
    account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer: &'a str,
    #[serde(rename = "MsgReadTime")]
    until: u64,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, peer: &'a str, until: Timestamp) -> Self {
        Self { account: account.as_str(), peer, until: until.as_secs() }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "openim/admin_set_msg_read";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
