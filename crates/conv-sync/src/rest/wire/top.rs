//! `recentcontact/top`: conversations are pinned or unpinned.
//!
//! After doc 78304 (in Chinese doc 103772). `OperationType` 1 pins, 2 unpins. The reply has no result
//! per item, and the maximum number of items is not documented: at most 50 conversations can be
//! pinned (doc 48850).

use conv_model::AccountId;
use serde::Serialize;

use super::{Command, contact::Contact, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "OperationType")]
    operation: u8,
    #[serde(rename = "RecentContactItem")]
    contacts: Vec<Contact<'a>>,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(
        account: &'a AccountId,
        contacts: Vec<Contact<'a>>,
        is_pinned: bool,
    ) -> Self {
        let operation = if is_pinned { 1 } else { 2 };
        Self { account: account.as_str(), operation, contacts }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/top";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
