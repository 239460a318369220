//! `recentcontact/mark_contact`: standard marks, or the app's own texts.
//!
//! After doc 53438: at most 100 items per call, and a result for each. `OptType` 1 is for standard
//! marks, 2 for custom data. 3, both at once, is never sent: an edition without marks may refuse the
//! text together with them (code 51013).
//!
//! `SetMark` and `ClearMark` hold the numbers of bits. The star is number 0, as in the SDK's own
//! calls; the page does not say so, see [`MarkBase`](crate::rest::write::MarkBase).

use conv_model::{AccountId, Marks};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command,
    contact::Contact,
    reply::Reply,
    results::{self, Outcomes},
};
use crate::SourceError;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "MarkItem")]
    items: Vec<Item<'a>>,
}

impl<'a> Request<'a> {
    pub(in crate::rest) fn new(account: &'a AccountId, items: Vec<Item<'a>>) -> Self {
        Self { account: account.as_str(), items }
    }
}

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Item<'a> {
    #[serde(rename = "OptType")]
    kind: u8,
    #[serde(rename = "ContactItem")]
    contact: Contact<'a>,
    #[serde(rename = "SetMark", skip_serializing_if = "Vec::is_empty")]
    set: Vec<u32>,
    #[serde(rename = "ClearMark", skip_serializing_if = "Vec::is_empty")]
    clear: Vec<u32>,
    #[serde(rename = "CustomMark", skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> Item<'a> {
    /// Marks that are set and cleared.
    pub(in crate::rest) fn marks(contact: Contact<'a>, set: Marks, clear: Marks) -> Self {
        let bits = |marks: Marks| marks.iter().map(|mark| mark.bit()).collect();
        Self { kind: 1, contact, set: bits(set), clear: bits(clear), text: None }
    }

    /// A text that is set; an empty one takes the text away.
    pub(in crate::rest) fn text(contact: Contact<'a>, text: &'a str) -> Self {
        Self { kind: 2, contact, set: Vec::new(), clear: Vec::new(), text: Some(text) }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "ResultItem", default, borrow)]
    results: Option<Vec<&'a RawValue>>,
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/mark_contact";
    const WRITES: bool = true;

    type Answer = Outcomes;

    fn read(&self, reply: &Reply) -> Result<Outcomes, SourceError> {
        let body: Body<'_> = reply.decode()?;
        let asked = self.items.iter().map(|item| item.contact);
        Ok(results::read(reply, body.results.into_iter().flatten(), asked))
    }
}
