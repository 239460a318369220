//! One row of a page.

use std::borrow::Cow;

use conv_model::{
    ConversationId, ConversationPatch, ListingPatch, Marks, ParseIdError, SkippedRow, Timestamp,
};
use serde::Deserialize;

use super::odd_row;
use crate::{
    SourceRow,
    rest::wire::{
        MAX_TEXT,
        loose::{Loose, Mistyped},
        object::Item,
        reply::Reply,
        short,
    },
};

/// More conversation groups than any account may have.
const MAX_GROUPS: usize = 500;

#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(rename = "Type", default)]
    kind: Loose<i64>,
    #[serde(rename = "To_Account", default, borrow)]
    user: Loose<Cow<'a, str>>,
    #[serde(rename = "GroupId", default, borrow)]
    group: Loose<Cow<'a, str>>,
    #[serde(rename = "MsgTime", default)]
    time: Loose<i64>,
    #[serde(rename = "TopFlag", default)]
    top: Loose<i64>,
    #[serde(rename = "StandardMark", default, borrow)]
    marks: Loose<Cow<'a, str>>,
    #[serde(rename = "CustomMark", default, borrow)]
    custom: Loose<Cow<'a, str>>,
    #[serde(rename = "ContactGroupId", default)]
    groups: Loose<Vec<u64>>,
}

/// A row that is left out.
pub(super) struct Skipped {
    pub(super) row: SkippedRow,
    /// Whether it is broken. One of a kind that this version does not know is not.
    pub(super) is_bad: bool,
}

impl Skipped {
    fn bad(id: Option<ConversationId>, reason: impl Into<String>) -> Self {
        Self { row: SkippedRow::new(id, reason), is_bad: true }
    }
}

/// Reads a row. One that is left out keeps its ID where that can be read: what the cloud listed
/// is not gone.
pub(super) fn read<'a>(
    reply: &Reply,
    item: impl Item<'a, Row<'a>>,
    labels: bool,
) -> Result<SourceRow, Skipped> {
    let text = item.text();
    let Some(row) = item.read() else {
        let odd = odd_row::read(text);
        let id = identify(&odd.kind, &odd.user, &odd.group).ok();
        return Err(Skipped::bad(id, odd.reason));
    };
    let id = identify(&row.kind, &row.user, &row.group)?;
    if reply.was_mended(text) {
        return Err(Skipped::bad(Some(id), "not UTF-8"));
    }
    match listing(row, labels) {
        Ok((listing, group_ids)) => {
            let mut patch = ConversationPatch::new(id);
            patch.listing = Some(listing);
            let mut row = SourceRow::new(patch);
            row.group_ids = group_ids;
            Ok(row)
        }
        Err(reason) => Err(Skipped::bad(Some(id), reason)),
    }
}

fn identify(
    kind: &Loose<i64>,
    user: &Loose<Cow<'_, str>>,
    group: &Loose<Cow<'_, str>>,
) -> Result<ConversationId, Skipped> {
    type Parse = fn(&str) -> Result<ConversationId, ParseIdError>;
    let (field, name, parse): (_, _, Parse) = match kind {
        Loose::Given(1) => (user, "To_Account", ConversationId::c2c),
        Loose::Given(2) => (group, "GroupId", ConversationId::group),
        Loose::Given(other) => {
            let row = SkippedRow::new(None, format!("Type {other} is not known"));
            return Err(Skipped { row, is_bad: false });
        }
        Loose::Absent => return Err(Skipped::bad(None, "Type is missing")),
        Loose::Bad => return Err(Skipped::bad(None, "Type is no number")),
    };
    match field {
        Loose::Given(text) => {
            parse(text).map_err(|error| Skipped::bad(None, format!("{name}: {error}")))
        }
        Loose::Absent => Err(Skipped::bad(None, format!("{name} is missing"))),
        Loose::Bad => Err(Skipped::bad(None, format!("{name} is no text"))),
    }
}

/// What the row says of its listing. With `labels`, a label that is absent is none; without,
/// nothing is known of it.
fn listing(row: Row<'_>, labels: bool) -> Result<(ListingPatch, Option<Vec<u64>>), String> {
    let text = |Mistyped(field)| format!("{field} is of another type");
    let mut listing = ListingPatch::default();
    listing.time = match row.time.get("MsgTime").map_err(text)? {
        Some(number) => {
            let time = Timestamp::from_cloud(number);
            Some(time.map_err(|_| "MsgTime is not a moment from 2010 to 2100".to_owned())?)
        }
        None => None,
    };
    listing.is_pinned = Some(row.top.get("TopFlag").map_err(text)? == Some(1));
    let marks = row.marks.get("StandardMark").map_err(text)?.unwrap_or_default();
    let custom = row.custom.get("CustomMark").map_err(text)?.unwrap_or_default();
    let groups = row.groups.get("ContactGroupId").map_err(text)?.unwrap_or_default();
    if groups.len() > MAX_GROUPS {
        return Err("ContactGroupId has more than 500 numbers".to_owned());
    }
    let marks = match &*marks {
        "" => Marks::NONE,
        bits => Marks::from_bit_string(bits).map_err(|error| format!("StandardMark: {error}"))?,
    };
    if !labels {
        return Ok((listing, None));
    }
    listing.marks = Some(marks);
    listing.custom_data = Some(short(&custom, MAX_TEXT));
    Ok((listing, Some(groups)))
}
