//! Results per item, in replies to commands that change several conversations at once (docs 53437,
//! 53438 and 53439): `{"ContactItem":{…},"ResultCode":0,"ResultInfo":""}`.
//!
//! The items of a call fail by themselves, so its `ErrorCode` 0 says nothing of any of them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    contact::{Contact, Named},
    lenient::Lenient,
    object::object,
    reply::{Reply, protocol},
};
use crate::SourceError;

/// The result of each item of a request, in the request's order. `None` is unknown: the reply does
/// not name the item.
pub(in crate::rest) type Outcomes = Vec<Option<Result<(), SourceError>>>;

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "ContactItem", default, borrow)]
    contact: Option<&'a RawValue>,
    #[serde(rename = "ResultCode", default)]
    code: Lenient<i32>,
    #[serde(rename = "ResultInfo", default)]
    info: Lenient<String>,
}

/// Matches results to the conversations that were asked about, by what they name: their order says
/// nothing. Results of other conversations are left out; of two results of one conversation a
/// failure counts.
pub(super) fn read<'r, 'a>(
    reply: &Reply,
    results: impl IntoIterator<Item = &'r RawValue>,
    asked: impl ExactSizeIterator<Item = Contact<'a>>,
) -> Outcomes {
    let mut outcomes: Outcomes = vec![None; asked.len()];
    let places: HashMap<_, _> =
        asked.enumerate().map(|(at, contact)| (contact.key(), at)).collect();
    for result in results {
        let Some(item) = object::<Item<'_>>(result.get()) else { continue };
        let named = item.contact.and_then(|contact| object::<Named<'_>>(contact.get()));
        let place = named.as_ref().and_then(Named::key).and_then(|key| places.get(&key));
        if let Some(outcome) = place.and_then(|at| outcomes.get_mut(*at)) {
            if !matches!(outcome, Some(Err(_))) {
                *outcome = Some(read_result(reply, item));
            }
        }
    }
    outcomes
}

/// A result without a code does not say that the item was applied.
fn read_result(reply: &Reply, item: Item<'_>) -> Result<(), SourceError> {
    match item.code {
        Lenient::Given(0) => Ok(()),
        Lenient::Given(code) => Err(reply.error(code, &item.info.any().unwrap_or_default())),
        Lenient::Absent => Err(protocol("a result without ResultCode")),
        Lenient::Bad => Err(protocol("ResultCode of another type")),
    }
}
