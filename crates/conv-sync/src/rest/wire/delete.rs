//! `recentcontact/delete`: a conversation leaves the list.
//!
//! After doc 43088: one conversation per call, and `ClearRamble` 1 clears its history too. The
//! command names no moment: it deletes all messages that are there when it arrives.

use conv_model::AccountId;
use serde::Serialize;

use super::{Command, contact::Contact, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(flatten)]
    contact: Contact<'a>,
    #[serde(rename = "ClearRamble")]
    clears_history: u8,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(
        account: &'a AccountId,
        contact: Contact<'a>,
        clears_history: bool,
    ) -> Self {
        Self { account: account.as_str(), contact, clears_history: u8::from(clears_history) }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/delete";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
