//! `group_open_http_svc/get_group_info`: profiles of groups.
//!
//! After Tencent's documentation of get_group_info: at most 50 groups a call. The code of the
//! whole reply means nothing; each group has its own.

mod fields;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::fields::GroupFields;
use super::{
    Command,
    loose::Loose,
    reply::{self, Reply, protocol},
};
use crate::{SourceError, rest::codes::REPLY_TOO_LARGE};

pub(in crate::rest) use self::fields::{FULL, THIN};

/// The most groups of a call.
pub(in crate::rest) const MAX_GROUPS: usize = 50;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "GroupIdList")]
    groups: &'a [&'a str],
    #[serde(rename = "ResponseFilter")]
    filter: Filter<'a>,
}

/// Fields that are not named are not sent.
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
    ) -> Self {
        let filter = Filter { base, custom };
        Self { groups, filter }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "group_open_http_svc/get_group_info";

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
struct Verdict {
    #[serde(rename = "GroupId", default)]
    group: Loose<String>,
    #[serde(rename = "ErrorCode", default)]
    code: Loose<i32>,
    #[serde(rename = "ErrorInfo", default)]
    info: Loose<String>,
}

/// What a reply says of one group.
pub(in crate::rest) type Answer = Result<GroupFields, SourceError>;

/// Reads a reply: what it says of each group that it names.
///
/// # Errors
/// If it names no group at all. With the code of a reply that is too large if one of several
/// groups has that.
pub(in crate::rest) fn read(reply: &Reply) -> Result<HashMap<String, Answer>, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let items = body.groups.unwrap_or_default();
    let mut answers = HashMap::new();
    for item in &items {
        let Some(verdict) = reply::item::<Verdict>(item.get()) else {
            continue;
        };
        let info = verdict.info.any().unwrap_or_default();
        let answer = match verdict.code {
            Loose::Given(0) | Loose::Absent => {
                reply::item(item.get()).ok_or_else(|| protocol("a GroupInfo with a field twice"))
            }
            Loose::Given(REPLY_TOO_LARGE) if items.len() > 1 => {
                return Err(reply.error(REPLY_TOO_LARGE, &info));
            }
            Loose::Given(code) => Err(reply.item_error(code, &info)),
            Loose::Bad => Err(protocol("ErrorCode of another type")),
        };
        if let Some(group) = verdict.group.any() {
            answers.insert(group, answer);
        }
    }
    if answers.is_empty() {
        return Err(protocol("a reply without GroupInfo"));
    }
    Ok(answers)
}
