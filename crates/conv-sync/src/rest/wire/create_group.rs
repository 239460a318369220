//! `recentcontact/create_contact_group`: a conversation group with its first members.
//!
//! After doc 53437: one group per call, at most 100 members (code 51006), and a result for each
//! member. Members are required: a group cannot be created empty.

use conv_model::{AccountId, GroupName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command,
    contact::Contact,
    lenient::Lenient,
    object::object,
    reply::Reply,
    results::{self, Outcomes},
};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "GroupContactItem")]
    groups: [Group<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Group<'a> {
    #[serde(rename = "GroupName")]
    name: &'a str,
    #[serde(rename = "ContactItem")]
    contacts: Vec<Contact<'a>>,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(
        account: &'a AccountId,
        name: &'a GroupName,
        contacts: Vec<Contact<'a>>,
    ) -> Self {
        Self { account: account.as_str(), groups: [Group { name: name.as_str(), contacts }] }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "GroupResultItem", default, borrow)]
    groups: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct GroupResult<'a> {
    #[serde(rename = "GroupItem", default, borrow)]
    group: Option<&'a RawValue>,
    #[serde(rename = "ResultItem", default, borrow)]
    results: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct GroupItem {
    #[serde(rename = "GroupName", default)]
    name: Lenient<String>,
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/create_contact_group";
    const WRITES: bool = true;

    type Answer = Outcomes;

    fn read(&self, reply: &Reply) -> Result<Outcomes, SourceError> {
        let body: Body<'_> = reply.decode()?;
        let [group] = &self.groups;
        let results = body
            .groups
            .iter()
            .flatten()
            .filter_map(|item| object::<GroupResult<'_>>(item.get()))
            .filter(|result| !is_of_another(result, group.name))
            .flat_map(|result| result.results.unwrap_or_default());
        Ok(results::read(reply, results, group.contacts.iter().copied()))
    }
}

/// Returns true if results are of a group of another name. A group that is not named is the only
/// one that was asked about.
fn is_of_another(result: &GroupResult<'_>, name: &str) -> bool {
    let group = result.group.and_then(|group| object::<GroupItem>(group.get()));
    group.and_then(|group| group.name.any()).is_some_and(|other| other != name)
}
