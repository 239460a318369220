//! `recentcontact/get_contact_group`: the names of conversation groups.
//!
//! After Tencent's documentation of get_contact_group. Its pages list marked and grouped
//! conversations as well; this reads the groups alone.

use std::sync::Arc;

use conv_model::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command, MAX_NAME,
    lenient::Lenient,
    object::object,
    reply::{Reply, protocol},
    short,
};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "StartIndex")]
    start: i64,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, start: i64) -> Self {
        Self { account: account.as_str(), start }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/get_contact_group";

    type Answer = Names;

    fn read(&self, reply: &Reply) -> Result<Names, SourceError> {
        read(reply)
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "GroupItem", default, borrow)]
    groups: Option<Vec<&'a RawValue>>,
    #[serde(rename = "CompleteFlag", default)]
    complete: Lenient<i64>,
    #[serde(rename = "NextStartIndex", default)]
    next: Lenient<i64>,
}

#[derive(Deserialize)]
struct GroupItem {
    #[serde(rename = "GroupName", default)]
    name: Lenient<String>,
    #[serde(rename = "GroupId", default)]
    id: Lenient<u64>,
}

/// The number and name of each group of a page, and the start of the next page; `None` after the
/// last.
pub(in crate::rest) type Names = (Vec<(u64, Arc<str>)>, Option<i64>);

/// Reads a page and leaves out a group that cannot be read; its rows then show without it.
///
/// # Errors
/// If the page states neither that it is the last nor where the next one begins.
pub(in crate::rest) fn read(reply: &Reply) -> Result<Names, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let names = body.groups.iter().flatten().filter_map(|item| {
        let group: GroupItem = object(item.get())?;
        Some((group.id.any()?, short(&group.name.any()?, MAX_NAME)))
    });
    let next = match (body.complete, body.next) {
        (Lenient::Given(1), _) => None,
        (_, Lenient::Given(next)) => Some(next),
        _ => {
            return Err(protocol("a page that is not the last, without NextStartIndex"));
        }
    };
    Ok((names.collect(), next))
}
