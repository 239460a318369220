//! `recentcontact/search_contact_group`: the marks and groups of some conversations; here the marks of
//! one.
//!
//! After doc 53442: at most 300 conversations per call.

use std::borrow::Cow;

use conv_model::{AccountId, Marks};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command,
    contact::{Contact, Named},
    lenient::Lenient,
    object::object,
    reply::{Reply, protocol},
};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "ContactItem")]
    contacts: [Contact<'a>; 1],
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, contact: Contact<'a>) -> Self {
        Self { account: account.as_str(), contacts: [contact] }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "ContactResultItem", default, borrow)]
    rows: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(rename = "StandardMark", default, borrow)]
    marks: Lenient<Cow<'a, str>>,
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/search_contact_group";

    type Answer = Marks;

    /// A conversation that is not named has no mark.
    fn read(&self, reply: &Reply) -> Result<Marks, SourceError> {
        let body: Body<'_> = reply.decode()?;
        let [asked] = &self.contacts;
        let is_asked = |row: &&&RawValue| {
            let named = object::<Named<'_>>(row.get());
            named.as_ref().and_then(Named::key) == Some(asked.key())
        };
        let Some(row) = body.rows.iter().flatten().find(is_asked) else { return Ok(Marks::NONE) };
        match object::<Row<'_>>(row.get()).map(|row| row.marks) {
            Some(Lenient::Absent) => Ok(Marks::NONE),
            Some(Lenient::Given(bits)) if bits.is_empty() => Ok(Marks::NONE),
            Some(Lenient::Given(bits)) => {
                Marks::from_bit_string(&bits).map_err(|_| protocol("StandardMark is no bits"))
            }
            _ => Err(protocol("StandardMark of another type")),
        }
    }
}
