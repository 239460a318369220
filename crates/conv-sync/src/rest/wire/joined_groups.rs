//! `group_open_http_svc/get_joined_group_list`: the account's own state in its groups.
//!
//! After Tencent's documentation of get_joined_group_list: at most 5000 groups a call.

use conv_model::{AccountId, RemindType, Unread};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command, MAX_NAME,
    loose::Loose,
    object::object,
    reply::{Reply, protocol},
    short,
};
use crate::SourceError;

/// Groups a call: a row has some 150 bytes, a reply may have a megabyte.
const PAGE: u64 = 1000;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "Member_Account")]
    account: &'a str,
    #[serde(rename = "Limit")]
    limit: u64,
    #[serde(rename = "Offset")]
    offset: u64,
    #[serde(rename = "WithHugeGroups")]
    with_huge: u8,
    #[serde(rename = "WithNoActiveGroups")]
    with_inactive: u8,
    #[serde(rename = "ResponseFilter")]
    filter: Filter,
}

#[derive(Debug, Serialize)]
struct Filter {
    #[serde(rename = "GroupBaseInfoFilter")]
    base: [&'static str; 1],
    #[serde(rename = "SelfInfoFilter")]
    own: [&'static str; 2],
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, offset: u64) -> Self {
        Self {
            account: account.as_str(),
            limit: PAGE,
            offset,
            with_huge: 1,
            with_inactive: 1,
            filter: Filter { base: ["Type"], own: ["MsgFlag", "UnreadMsgNum"] },
        }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/get_joined_group_list";

    type Answer = Joined;

    fn read(&self, reply: &Reply) -> Result<Joined, SourceError> {
        read(reply, self.offset)
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "TotalCount", default)]
    total: Loose<u64>,
    #[serde(rename = "GroupIdList", default, borrow)]
    groups: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "GroupId", default)]
    group: Loose<String>,
    #[serde(rename = "SelfInfo", default, borrow)]
    own: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SelfInfo {
    #[serde(rename = "UnreadMsgNum", default)]
    count: Loose<u64>,
    #[serde(rename = "MsgFlag", default)]
    flag: Loose<String>,
}

/// A page of the groups an account is in.
pub(in crate::rest) struct Joined {
    /// Unread state by groupID.
    pub(in crate::rest) groups: Vec<(String, Result<Unread, SourceError>)>,
    /// Where the next page begins; `None` after the last.
    pub(in crate::rest) next: Option<u64>,
}

/// Reads the page that began at `offset`.
pub(in crate::rest) fn read(reply: &Reply, offset: u64) -> Result<Joined, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let items = body.groups.unwrap_or_default();
    let end = offset.saturating_add(items.len() as u64);
    let is_more = !items.is_empty() && body.total.any().is_some_and(|total| end < total);
    Ok(Joined {
        groups: items.iter().filter_map(|item| group(item)).collect(),
        next: is_more.then_some(end),
    })
}

fn group(item: &RawValue) -> Option<(String, Result<Unread, SourceError>)> {
    let item: Item<'_> = object(item.get())?;
    let own = item.own.and_then(|own| object(own.get()));
    let unread = own.and_then(unread).ok_or_else(|| protocol("a group without UnreadMsgNum"));
    Some((item.group.any()?, unread))
}

fn unread(own: SelfInfo) -> Option<Unread> {
    let mut unread = Unread::default();
    unread.count = Some(u32::try_from(own.count.any()?).unwrap_or(u32::MAX));
    let flag = own.flag.any();
    unread.remind_type = flag.map(|word| RemindType::from(&*short(&word, MAX_NAME)));
    Some(unread)
}
