//! `recentcontact/update_contact_group`: a conversation group is renamed, or its members change.
//!
//! After doc 53439. `UpdateType` has the one value 1. `UpdateGroupType` 1 renames; 2 adds and removes
//! at most 100 members, each by its own `ContactOptType` and with its own result. A group is addressed
//! by its name: numbers may be given again.

use conv_model::{AccountId, GroupName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command,
    contact::Contact,
    object::object,
    reply::Reply,
    results::{self, Outcomes},
};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "UpdateType")]
    kind: u8,
    #[serde(rename = "UpdateGroup")]
    group: Group<'a>,
}

#[derive(Debug, Serialize)]
struct Group<'a> {
    #[serde(rename = "UpdateGroupType")]
    kind: u8,
    #[serde(rename = "OldGroupName")]
    old: &'a str,
    #[serde(rename = "NewGroupName", skip_serializing_if = "Option::is_none")]
    new: Option<&'a str>,
    #[serde(rename = "ContactUpdateItem", skip_serializing_if = "Vec::is_empty")]
    members: Vec<Member<'a>>,
}

/// A conversation that joins or leaves.
#[derive(Debug, Serialize)]
pub(in crate::rest) struct Member<'a> {
    #[serde(rename = "ContactOptType")]
    operation: u8,
    #[serde(rename = "ContactItem")]
    contact: Contact<'a>,
}

impl<'a> Member<'a> {
    pub(in crate::rest) fn new(contact: Contact<'a>, is_member: bool) -> Self {
        Self { operation: if is_member { 1 } else { 2 }, contact }
    }
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn rename(
        account: &'a AccountId,
        old: &'a GroupName,
        new: &'a GroupName,
    ) -> Self {
        let new = Some(new.as_str());
        let group = Group { kind: 1, old: old.as_str(), new, members: Vec::new() };
        Self { account: account.as_str(), kind: 1, group }
    }

    pub(in crate::rest) fn members(
        account: &'a AccountId,
        name: &'a GroupName,
        members: Vec<Member<'a>>,
    ) -> Self {
        let group = Group { kind: 2, old: name.as_str(), new: None, members };
        Self { account: account.as_str(), kind: 1, group }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "UpdateGroupResult", default, borrow)]
    group: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct GroupResult<'a> {
    #[serde(rename = "ContactResultItem", default, borrow)]
    results: Option<Vec<&'a RawValue>>,
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/update_contact_group";
    const WRITES: bool = true;

    /// Of the members. A renaming has none, and is done.
    type Answer = Outcomes;

    fn read(&self, reply: &Reply) -> Result<Outcomes, SourceError> {
        let body: Body<'_> = reply.decode()?;
        let result = body.group.and_then(|group| object::<GroupResult<'_>>(group.get()));
        let results = result.and_then(|result| result.results).unwrap_or_default();
        Ok(results::read(reply, results, self.group.members.iter().map(|member| member.contact)))
    }
}
