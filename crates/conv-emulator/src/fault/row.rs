//! Rows with wrong values.

use serde_json::{Value, json};

use crate::odd::LATIN1_BYTE;

/// The fault of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadRow {
    /// `null` in place of a row.
    Null,
    /// Fields of wrong types.
    WrongTypes,
    /// A `Type` that is neither 1 nor 2.
    UnknownType,
    /// An ID longer than permitted.
    LongId,
    /// Control bytes in an ID.
    ControlBytes,
    /// An ID that is not ASCII.
    NonAsciiId,
    /// A number in place of an ID.
    NumberId,
    /// A row without an ID.
    NoId,
    /// A time below zero.
    NegativeTime,
    /// A time that no clock reaches.
    HugeTime,
    /// The first second of the year 2000, when there was no such cloud.
    OldTime,
    /// A `CustomMark` with a byte of Latin-1, so that the body is not UTF-8.
    Latin1Mark,
    /// Pin, marks, `CustomMark` and groups of wrong types; the rest of the row is valid.
    BadLabels,
}

/// 2000-01-01 00:00:00 UTC.
const YEAR_2000: u64 = 946_684_800;
const IDS: [&str; 2] = ["To_Account", "GroupId"];

/// Adds a row to a list's page.
pub(super) fn insert(kind: BadRow, reply: &mut Value) {
    let Some(rows) = reply.get_mut("SessionItem").and_then(Value::as_array_mut) else {
        return;
    };
    let mut row =
        json!({"Type": 1, "To_Account": "bad_row", "MsgTime": 1_700_000_000, "TopFlag": 0});
    spoil(kind, &mut row);
    rows.insert(rows.len() / 2, row);
}

/// Spoils every `every`th row of a list's page.
pub(super) fn spoil_each(kind: BadRow, every: usize, reply: &mut Value) {
    let rows = reply.get_mut("SessionItem").and_then(Value::as_array_mut);
    for (place, row) in (1..).zip(rows.into_iter().flatten()) {
        if every > 0 && place % every == 0 {
            spoil(kind, row);
        }
    }
}

/// Moves the rows of a list's page forward in time.
pub(super) fn newer(by: u64, reply: &mut Value) {
    let rows = reply.get_mut("SessionItem").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten() {
        if let Some(time) = row.get("MsgTime").and_then(Value::as_u64) {
            put(row, json!({"MsgTime": time.saturating_add(by)}));
        }
    }
}

fn spoil(kind: BadRow, row: &mut Value) {
    match kind {
        BadRow::Null => *row = Value::Null,
        BadRow::WrongTypes => {
            let wrong = json!({"Type": "1", "MsgTime": "soon", "TopFlag": [], "StandardMark": 5});
            put(row, wrong);
            change_id(row, |_| json!(7));
        }
        BadRow::UnknownType => put(row, json!({"Type": 9})),
        BadRow::LongId => change_id(row, |_| json!("x".repeat(5000))),
        BadRow::ControlBytes => change_id(row, |id| json!(format!("{id}\u{0}\n\u{1b}[31m"))),
        BadRow::NonAsciiId => change_id(row, |id| json!(format!("{id}é日"))),
        BadRow::NumberId => change_id(row, |_| json!(7)),
        BadRow::NoId => {
            if let Some(map) = row.as_object_mut() {
                map.retain(|name, _| !IDS.contains(&name.as_str()));
            }
        }
        BadRow::NegativeTime => put(row, json!({"MsgTime": -1})),
        BadRow::HugeTime => put(row, json!({"MsgTime": u64::MAX})),
        BadRow::OldTime => put(row, json!({"MsgTime": YEAR_2000})),
        BadRow::Latin1Mark => put(row, json!({"CustomMark": format!("caf{LATIN1_BYTE}")})),
        BadRow::BadLabels => {
            let wrong = json!({"TopFlag": "pinned", "StandardMark": [1], "CustomMark": {"a": 1},
                "ContactGroupId": "Suppliers"});
            put(row, wrong);
        }
    }
}

fn put(row: &mut Value, fields: Value) {
    if let (Some(row), Value::Object(fields)) = (row.as_object_mut(), fields) {
        row.extend(fields);
    }
}

fn change_id(row: &mut Value, change: impl Fn(&str) -> Value) {
    for name in IDS {
        if let Some(id) = row.get_mut(name) {
            *id = change(id.as_str().unwrap_or_default());
        }
    }
}
