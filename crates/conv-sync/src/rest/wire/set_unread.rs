//! `group_open_http_svc/set_unread_msg_num`: the number of unread messages of a group.
//!
//! After doc 34909. It is made for migration: it sets the number itself, whatever arrived
//! meanwhile, and notifies neither devices nor webhooks. Meetings and AVChatRooms answer 0 and do
//! nothing.

use conv_model::AccountId;
use serde::Serialize;

use super::{Command, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "GroupId")]
    group: &'a str,
    #[serde(rename = "Member_Account")]
    account: &'a str,
    #[serde(rename = "UnreadMsgNum")]
    count: u32,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, group: &'a str, count: u32) -> Self {
        Self { group, account: account.as_str(), count }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/set_unread_msg_num";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
