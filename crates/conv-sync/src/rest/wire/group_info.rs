//! `group_open_http_svc/get_group_info`: profiles of groups.
//!
//! After Tencent's documentation of get_group_info: at most 50 groups per call. The code of the
//! whole reply means nothing; each group has its own.

mod fields;

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::fields::GroupFields;
use super::{
    Command, Depth, Profiles,
    lenient::Lenient,
    object::object,
    reply::{Reply, protocol},
};
use crate::{SourceError, rest::codes::REPLY_TOO_LARGE};

pub(in crate::rest) use self::fields::{FULL, THIN};

/// The maximum number of groups per call.
pub(in crate::rest) const MAX_GROUPS: usize = 50;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "GroupIdList")]
    groups: &'a [&'a str],
    #[serde(rename = "ResponseFilter")]
    filter: Filter<'a>,
    #[serde(skip)]
    depth: Depth,
}

/// The fields to send; the cloud sends no others.
#[derive(Debug, Serialize)]
struct Filter<'a> {
    #[serde(rename = "GroupBaseInfoFilter")]
    base: &'a [&'a str],
    #[serde(rename = "AppDefinedDataFilter_Group", skip_serializing_if = "<[_]>::is_empty")]
    custom: &'a [&'a str],
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(
        groups: &'a [&'a str],
        base: &'a [&'a str],
        custom: &'a [&'a str],
        depth: Depth,
    ) -> Self {
        let filter = Filter { base, custom };
        Self { groups, filter, depth }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/get_group_info";

    type Answer = Profiles;

    fn read(&self, reply: &Reply) -> Result<Profiles, SourceError> {
        read(reply, self.depth)
    }

    fn brings_items(reply: &str) -> bool {
        serde_json::from_str::<Body<'_>>(reply)
            .is_ok_and(|body| body.groups.is_some_and(|groups| !groups.is_empty()))
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "GroupInfo", default, borrow)]
    groups: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Verdict<'a> {
    #[serde(rename = "GroupId", default, borrow)]
    group: Lenient<Cow<'a, str>>,
    #[serde(rename = "ErrorCode", default)]
    code: Lenient<i32>,
    #[serde(rename = "ErrorInfo", default, borrow)]
    info: Lenient<Cow<'a, str>>,
}

/// Reads the profile of each group that a reply names, or its error with the cloud's code: a group that
/// is gone and one that may not be seen differ in that alone.
///
/// # Errors
/// If it names no group. With the code of a reply that is too large if one of several groups has
/// it.
pub(in crate::rest) fn read(reply: &Reply, depth: Depth) -> Result<Profiles, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let items = body.groups.unwrap_or_default();
    let count = items.len();
    let mut answers = HashMap::with_capacity(count.min(MAX_GROUPS));
    for item in items {
        let fields: Option<GroupFields<'_>> = object(item.get());
        let verdict = fields.as_ref().map(GroupFields::verdict).or_else(|| object(item.get()));
        let Some(verdict) = verdict else {
            continue;
        };
        let info = verdict.info.any().unwrap_or_default();
        let answer = match verdict.code {
            Lenient::Given(0) | Lenient::Absent => {
                let profile = fields.map(|fields| fields.profile(depth));
                profile.ok_or_else(|| protocol("a GroupInfo that cannot be read"))
            }
            Lenient::Given(REPLY_TOO_LARGE) if count > 1 => {
                return Err(reply.error(REPLY_TOO_LARGE, &info));
            }
            Lenient::Given(code) => Err(reply.error(code, &info)),
            Lenient::Bad => Err(protocol("ErrorCode of another type")),
        };
        if let Some(group) = verdict.group.any() {
            answers.insert(group.into_owned(), answer);
        }
    }
    if answers.is_empty() {
        return Err(protocol("a reply without GroupInfo"));
    }
    Ok(answers)
}
