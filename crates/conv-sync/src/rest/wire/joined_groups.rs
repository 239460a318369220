//! `group_open_http_svc/get_joined_group_list`: the account's own state in its groups.
//!
//! After Tencent's documentation of get_joined_group_list: at most 5000 groups per call.

use conv_model::{AccountId, RemindType, Timestamp, Unread};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Command, MAX_NAME, lenient::Lenient, object::object, reply::Reply, short};
use crate::SourceError;

/// Groups per call: a row has some 150 bytes, a reply may have a megabyte.
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
    #[serde(rename = "GroupType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "SupportTopic", skip_serializing_if = "Option::is_none")]
    with_topics: Option<u8>,
    #[serde(rename = "ResponseFilter")]
    filter: Filter,
}

#[derive(Debug, Serialize)]
struct Filter {
    #[serde(rename = "GroupBaseInfoFilter")]
    base: [&'static str; 1],
    #[serde(rename = "SelfInfoFilter")]
    own: [&'static str; 3],
}

/// The groups to list: the cloud lists communities with topics separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rest) enum Which {
    WithoutTopics,
    WithTopics,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, which: Which, offset: u64) -> Self {
        let with_topics = which == Which::WithTopics;
        Self {
            account: account.as_str(),
            limit: PAGE,
            offset,
            with_huge: 1,
            with_inactive: 1,
            kind: with_topics.then_some("Community"),
            with_topics: with_topics.then_some(1),
            filter: Filter { base: ["Type"], own: ["JoinTime", "MsgFlag", "UnreadMsgNum"] },
        }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/get_joined_group_list";

    type Answer = Joined;

    fn read(&self, reply: &Reply) -> Result<Joined, SourceError> {
        read(reply)
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "TotalCount", default)]
    total: Lenient<u64>,
    #[serde(rename = "GroupIdList", default, borrow)]
    groups: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "GroupId", default)]
    group: Lenient<String>,
    #[serde(rename = "SelfInfo", default, borrow)]
    own: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct SelfInfo {
    #[serde(rename = "JoinTime", default)]
    joined: Lenient<i64>,
    #[serde(rename = "UnreadMsgNum", default)]
    count: Lenient<u64>,
    #[serde(rename = "MsgFlag", default)]
    flag: Lenient<String>,
}

/// A page of the groups an account is in.
#[derive(Debug)]
pub(in crate::rest) struct Joined {
    /// The readable groups, by groupID.
    pub(in crate::rest) groups: Vec<(String, Member)>,
    /// The number of all groups of the page.
    pub(in crate::rest) count: u64,
    /// The number of all groups of the list; `None` if the page does not state it.
    pub(in crate::rest) total: Option<u64>,
}

/// An account's own state in a group.
#[derive(Clone, Debug)]
pub(in crate::rest) struct Member {
    pub(in crate::rest) unread: Option<Unread>,
    pub(in crate::rest) joined: Option<Timestamp>,
}

/// Reads a page.
pub(in crate::rest) fn read(reply: &Reply) -> Result<Joined, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let total = body.total.any();
    let items = body.groups.unwrap_or_default();
    let groups = items.iter().filter_map(|item| group(item)).collect();
    Ok(Joined { groups, count: items.len() as u64, total })
}

fn group(item: &RawValue) -> Option<(String, Member)> {
    let item: Item<'_> = object(item.get())?;
    let own: SelfInfo = item.own.and_then(|own| object(own.get())).unwrap_or_default();
    let joined = own.joined.clone().any().and_then(|time| Timestamp::from_cloud(time).ok());
    let joined = joined.filter(|time| !time.is_zero());
    Some((item.group.any()?, Member { unread: unread(own), joined }))
}

fn unread(own: SelfInfo) -> Option<Unread> {
    let mut unread = Unread::default();
    unread.count = Some(u32::try_from(own.count.any()?).unwrap_or(u32::MAX));
    let flag = own.flag.any();
    unread.remind_type = flag.map(|word| RemindType::from(&*short(&word, MAX_NAME)));
    Some(unread)
}
