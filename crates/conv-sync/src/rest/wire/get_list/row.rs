//! One row of a page.

use std::borrow::Cow;

use conv_model::{
    ConversationId, ConversationPatch, ListingPatch, Marks, ParseIdError, SkippedRow, Timestamp,
};
use serde::Deserialize;

use crate::{
    SourceRow,
    rest::wire::{
        MAX_TEXT,
        lenient::{Lenient, Mistyped},
        members::Members,
        object::object,
        short,
    },
};

/// A cap on a row's conversation groups, above the number that any account may have.
const MAX_GROUPS: usize = 500;

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(rename = "Type", default)]
    kind: Lenient<i64>,
    #[serde(rename = "To_Account", default, borrow)]
    user: Lenient<Cow<'a, str>>,
    #[serde(rename = "GroupId", default, borrow)]
    group: Lenient<Cow<'a, str>>,
    #[serde(rename = "MsgTime", default)]
    time: Lenient<i64>,
    #[serde(rename = "TopFlag", default)]
    top: Lenient<i64>,
    #[serde(rename = "StandardMark", default, borrow)]
    marks: Lenient<Cow<'a, str>>,
    #[serde(rename = "CustomMark", default, borrow)]
    custom: Lenient<Cow<'a, str>>,
    #[serde(rename = "ContactGroupId", default)]
    groups: Lenient<Vec<u64>>,
}

/// The fields that a row cannot do without.
const ESSENTIAL: [&str; 4] = ["Type", "To_Account", "GroupId", "MsgTime"];

impl<'a> From<&Members<'a>> for Row<'a> {
    fn from(members: &Members<'a>) -> Self {
        Self {
            kind: members.value("Type"),
            user: members.value("To_Account"),
            group: members.value("GroupId"),
            time: members.value("MsgTime"),
            top: members.value("TopFlag"),
            marks: members.value("StandardMark"),
            custom: members.value("CustomMark"),
            groups: members.value("ContactGroupId"),
        }
    }
}

/// Reads a row. A skipped row keeps its ID if that can be read: the cloud still lists it.
pub(super) fn read(json: &str, labels: bool) -> Result<SourceRow, SkippedRow> {
    if let Some(row) = object(json) {
        return source_row(row, labels);
    }
    let Some(members) = Members::read(json) else {
        return Err(SkippedRow::new(None, "not a row"));
    };
    source_row(Row::from(&members), labels).map_err(|mut skipped| {
        if let Some(name) = members.twice(&ESSENTIAL) {
            skipped.reason = format!("{name} occurs twice");
        }
        skipped
    })
}

fn source_row(row: Row<'_>, labels: bool) -> Result<SourceRow, SkippedRow> {
    let id = identify(&row).map_err(|reason| SkippedRow::new(None, reason))?;
    match time(&row) {
        Ok(time) => {
            let (mut listing, group_ids) = decorations(row, labels);
            listing.time = time;
            let mut patch = ConversationPatch::new(id);
            patch.listing = Some(listing);
            let mut row = SourceRow::new(patch);
            row.group_ids = group_ids;
            Ok(row)
        }
        Err(reason) => Err(SkippedRow::new(Some(id), reason)),
    }
}

fn identify(row: &Row<'_>) -> Result<ConversationId, String> {
    type Parse = fn(&str) -> Result<ConversationId, ParseIdError>;
    let (field, name, parse): (_, _, Parse) = match row.kind {
        Lenient::Given(1) => (&row.user, "To_Account", ConversationId::c2c),
        Lenient::Given(2) => (&row.group, "GroupId", ConversationId::group),
        Lenient::Given(other) => return Err(format!("Type {other} is not known")),
        Lenient::Absent => return Err("Type is missing".to_owned()),
        Lenient::Bad => return Err("Type is not a number".to_owned()),
    };
    match field {
        Lenient::Given(text) => parse(text).map_err(|error| format!("{name}: {error}")),
        Lenient::Absent => Err(format!("{name} is missing")),
        Lenient::Bad => Err(format!("{name} is not a text")),
    }
}

/// Returns the time of the last message, which decides the row's place in the list.
fn time(row: &Row<'_>) -> Result<Option<Timestamp>, String> {
    let number = row.time.clone().get("MsgTime");
    let number = number.map_err(|Mistyped(field)| format!("{field} is of another type"))?;
    let time = number.map(Timestamp::from_cloud).transpose();
    time.map_err(|_| "MsgTime is not a moment from 2010 to 2100".to_owned())
}

/// Returns pin, marks, custom data and groups. With `labels`, an absent field is empty; without, it
/// is unknown. A field that cannot be read costs only itself: the row keeps its former value.
fn decorations(row: Row<'_>, labels: bool) -> (ListingPatch, Option<Vec<u64>>) {
    let mut listing = ListingPatch::default();
    listing.is_pinned = decoration("TopFlag", row.top).map(|flag| flag == 1);
    if !labels {
        return (listing, None);
    }
    listing.marks = decoration("StandardMark", row.marks).and_then(|bits| match &*bits {
        "" => Some(Marks::NONE),
        bits => Marks::from_bit_string(bits).ok().or_else(|| unreadable("StandardMark")),
    });
    listing.custom_data =
        decoration("CustomMark", row.custom).map(|custom| short(&custom, MAX_TEXT));
    let groups = decoration("ContactGroupId", row.groups);
    let groups = groups.filter(|groups| groups.len() <= MAX_GROUPS);
    (listing, groups)
}

/// Returns the value of an optional field, the default if it is absent, `None` if it is bad.
fn decoration<T: Default>(name: &'static str, field: Lenient<T>) -> Option<T> {
    match field.get(name) {
        Ok(value) => Some(value.unwrap_or_default()),
        Err(Mistyped(name)) => unreadable(name),
    }
}

fn unreadable<T>(name: &str) -> Option<T> {
    tracing::debug!(field = name, "a field cannot be read, the row keeps its former value");
    None
}
