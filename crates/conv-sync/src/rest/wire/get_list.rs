//! `recentcontact/get_list`: the conversation list, one page per call.
//!
//! After Tencent's documentation of get_list. A row has no name, unread count or last message; the
//! order of rows is undocumented.

mod row;
#[cfg(test)]
mod tests;

use conv_model::SkippedRow;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Command,
    lenient::{Lenient, Mistyped},
    reply::{Reply, protocol},
};
use crate::{SourceError, SourceRow, rest::cursor::Position};

/// The maximum number of rows that a page may have.
const MAX_ROWS: usize = 500;

#[derive(Debug, Serialize)]
pub(in crate::rest) struct Request<'a> {
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "TimeStamp")]
    time: i64,
    #[serde(rename = "StartIndex")]
    index: i64,
    #[serde(rename = "TopTimeStamp")]
    top_time: i64,
    #[serde(rename = "TopStartIndex")]
    top_index: i64,
    #[serde(rename = "AssistFlags")]
    flags: u32,
    #[serde(skip)]
    labels: bool,
}

impl<'a> Request<'a> {
    /// Asks for pins, empty conversations and paged pinned rows: bits 1, 2 and 4. `labels` adds the
    /// bits for marks, custom data and groups: 63, as documented from April 2026 on.
    pub(in crate::rest) fn new(account: &'a str, at: Position, labels: bool) -> Self {
        Self {
            account,
            time: at.time,
            index: at.index,
            top_time: at.top_time,
            top_index: at.top_index,
            flags: if labels { 63 } else { 7 },
            labels,
        }
    }
}

impl Command for Request<'_> {
    const PATH: &'static str = "recentcontact/get_list";

    type Answer = Listing;

    fn read(&self, reply: &Reply) -> Result<Listing, SourceError> {
        read(reply, self.labels)
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "SessionItem", default, borrow)]
    rows: Option<Vec<&'a RawValue>>,
    #[serde(rename = "CompleteFlag", default)]
    complete: Lenient<i64>,
    #[serde(rename = "TimeStamp", default)]
    time: Lenient<i64>,
    #[serde(rename = "StartIndex", default)]
    index: Lenient<i64>,
    #[serde(rename = "TopTimeStamp", default)]
    top_time: Lenient<i64>,
    #[serde(rename = "TopStartIndex", default)]
    top_index: Lenient<i64>,
}

/// The content of a page.
#[derive(Debug)]
pub(in crate::rest) struct Listing {
    pub(in crate::rest) rows: Vec<SourceRow>,
    pub(in crate::rest) skipped: Vec<SkippedRow>,
    pub(in crate::rest) next: Option<Position>,
}

/// Reads a page, each row by itself.
///
/// Returns the good rows however many bad ones there are: refusing the page would stop the list for
/// as long as the cloud holds the bad rows. `skipped` lists each bad row, with its ID if that can
/// be read, so that a pull does not take the page's rows for complete.
///
/// # Errors
/// If the page states neither that it is the last nor where the next one begins, has no list of
/// rows and is not the last, or has more than 500 rows.
pub(in crate::rest) fn read(reply: &Reply, labels: bool) -> Result<Listing, SourceError> {
    let body: Body<'_> = reply.decode()?;
    // A page that does not state it is not the last: assuming so could empty the list.
    let is_last = body.complete.clone().get("CompleteFlag").map_err(mistyped)? == Some(1);
    let next = if is_last { None } else { Some(position(&body)?) };
    let mut listing = Listing { rows: Vec::new(), skipped: Vec::new(), next };
    match body.rows {
        Some(items) if items.len() > MAX_ROWS => {
            return Err(protocol(format!("a page of {} rows", items.len())));
        }
        Some(items) => {
            listing.rows.reserve_exact(items.len());
            for item in items {
                match row::read(item.get(), labels) {
                    Ok(row) => listing.rows.push(row),
                    Err(row) => listing.skipped.push(row),
                }
            }
        }
        // An account without conversations may be answered like this, so it is not an error, which
        // every pass would repeat. But it does not state either that there are no rows.
        None if is_last => listing.skipped.push(SkippedRow::new(None, "SessionItem is missing")),
        None => return Err(protocol("a page without rows that is not the last")),
    }
    Ok(listing)
}

fn position(body: &Body<'_>) -> Result<Position, SourceError> {
    let part = |field: &Lenient<i64>, name| match field.clone().get(name) {
        Ok(Some(number)) => Ok(number),
        _ => Err(protocol(format!("a page that is not the last, without {name}"))),
    };
    Ok(Position {
        time: part(&body.time, "TimeStamp")?,
        index: part(&body.index, "StartIndex")?,
        top_time: part(&body.top_time, "TopTimeStamp")?,
        top_index: part(&body.top_index, "TopStartIndex")?,
    })
}

fn mistyped(Mistyped(field): Mistyped) -> SourceError {
    protocol(format!("{field} of another type"))
}
