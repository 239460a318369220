//! `recentcontact/del_contact_group`: a conversation group is deleted.
//!
//! After doc 53441: one name per call, though in a list. Its conversations stay.

use conv_model::{AccountId, GroupName};
use serde::Serialize;

use super::{Command, reply::Reply};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "GroupName")]
    names: [&'a str; 1],
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, name: &'a GroupName) -> Self {
        Self { account: account.as_str(), names: [name.as_str()] }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/del_contact_group";
    const WRITES: bool = true;

    type Answer = ();

    fn read(&self, _: &Reply) -> Result<(), SourceError> {
        Ok(())
    }
}
