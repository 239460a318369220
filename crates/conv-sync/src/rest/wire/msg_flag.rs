//! `group_open_http_svc/modify_group_member_info`: how an account's messages of a group are announced.
//!
//! After the page of modify_group_member_info. `MsgFlag` has three values there. The client SDKs know
//! two more, which except mentions; whether REST takes them is not documented, so they are not sent.

use conv_model::{AccountId, RemindType};
use serde::Serialize;

use super::{Command, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "GroupId")]
    group: &'a str,
    #[serde(rename = "Member_Account")]
    account: &'a str,
    #[serde(rename = "MsgFlag")]
    flag: &'a str,
}

impl<'a> Request<'a> {
    /// # Errors
    /// [`SourceError::Unsupported`] for a value that the page does not list.
    pub(in crate::rest) fn new(
        account: &'a AccountId,
        group: &'a str,
        remind_type: &'a RemindType,
    ) -> Result<Self, SourceError> {
        match remind_type {
            RemindType::AcceptAndNotify | RemindType::AcceptNotNotify | RemindType::Discard => {
                Ok(Self { group, account: account.as_str(), flag: remind_type.as_str() })
            }
            _ => {
                let what = "this way of announcing a group's messages".to_owned();
                Err(SourceError::Unsupported { what })
            }
        }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/modify_group_member_info";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
