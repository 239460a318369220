//! `profile/portrait_get`: profiles of users.
//!
//! After Tencent's documentation of portrait_get: at most 100 accounts per call. A field that was
//! never set, or was removed, is absent; a value is a text or an unsigned number. A failed account
//! is named in its item, in `Fail_Account`, in older replies in `Invalid_Account`, or in several of
//! them.

mod fields;

use std::collections::HashMap;

use conv_model::Profile;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::fields::UserFields;
use super::{
    Command, Depth, Profiles,
    lenient::Lenient,
    object::object,
    reply::{Reply, protocol},
};
use crate::SourceError;

pub(in crate::rest) use self::fields::{FULL, THIN};

/// The maximum number of accounts per call.
pub(in crate::rest) const MAX_ACCOUNTS: usize = 100;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "To_Account")]
    users: &'a [&'a str],
    #[serde(rename = "TagList")]
    tags: &'a [&'a str],
    #[serde(skip)]
    depth: Depth,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(users: &'a [&'a str], tags: &'a [&'a str], depth: Depth) -> Self {
        Self { users, tags, depth }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "profile/portrait_get";

    type Answer = Profiles;

    fn read(&self, reply: &Reply) -> Result<Profiles, SourceError> {
        read(reply, self.depth)
    }

    fn brings_items(reply: &str) -> bool {
        serde_json::from_str::<Body<'_>>(reply)
            .is_ok_and(|body| body.items.is_some_and(|items| !items.is_empty()))
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "UserProfileItem", default, borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(rename = "Fail_Account", default)]
    failed: Lenient<Vec<String>>,
    #[serde(rename = "Invalid_Account", default)]
    invalid: Lenient<Vec<String>>,
}

#[derive(Deserialize)]
struct UserItem<'a> {
    #[serde(rename = "To_Account", default)]
    user: Lenient<String>,
    #[serde(rename = "ResultCode", default)]
    code: Lenient<i32>,
    #[serde(rename = "ResultInfo", default)]
    info: Lenient<String>,
    #[serde(rename = "ProfileItem", default, borrow)]
    fields: Option<Vec<&'a RawValue>>,
}

/// Reads the profile or error of each user that a reply names.
///
/// # Errors
/// If it names no user.
pub(in crate::rest) fn read(reply: &Reply, depth: Depth) -> Result<Profiles, SourceError> {
    let body: Body<'_> = reply.decode()?;
    let items = body.items.unwrap_or_default();
    let mut answers = HashMap::with_capacity(items.len().min(MAX_ACCOUNTS));
    for item in items.into_iter().filter_map(|item| object(item.get())) {
        if let Some((user, answer)) = profile(reply, item, depth) {
            answers.insert(user, answer);
        }
    }
    // The lists overrule an item without a code; an item with a code says more than they do.
    let named = |error: fn(&Reply) -> SourceError| move |user| (user, error(reply));
    let invalid = body.invalid.any().into_iter().flatten().map(named(|_| SourceError::NotFound));
    let failed = body.failed.any().into_iter().flatten().map(named(without_reason));
    for (user, error) in invalid.chain(failed) {
        if !answers.get(&user).is_some_and(Result::is_err) {
            answers.insert(user, Err(error));
        }
    }
    if answers.is_empty() {
        return Err(protocol("a reply without UserProfileItem"));
    }
    Ok(answers)
}

fn profile(
    reply: &Reply,
    item: UserItem<'_>,
    depth: Depth,
) -> Option<(String, Result<Profile, SourceError>)> {
    let answer = match item.code {
        Lenient::Given(0) | Lenient::Absent => {
            let fields = item.fields.into_iter().flatten();
            Ok(UserFields::new(fields.map(|field| object(field.get()))).profile(depth))
        }
        Lenient::Given(code) => Err(reply.item_error(code, &item.info.any().unwrap_or_default())),
        Lenient::Bad => Err(protocol("ResultCode of another type")),
    };
    Some((item.user.any()?, answer))
}

fn without_reason(reply: &Reply) -> SourceError {
    reply.item_error(0, "listed in Fail_Account without a reason")
}
