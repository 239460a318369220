//! The gateway's answers, read with distrust.

use conv_model::{
    Conversation, ConversationId, ConversationPatch, Coverage, Cursor, ListLimit, Position,
    SkippedRow, Timestamp,
};
use conv_sync::{SourceError, SourceRow, Upstream};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::http::protocol;

/// The maximum number of rows, and of IDs, in an answer.
const MAX_ROWS: usize = 10_000;
/// The maximum number of rows that the gateway may say it skipped.
const MAX_SKIPPED: usize = 1_000;
const MAX_LIMITS: usize = 16;
/// The maximum bytes of a cursor or position.
const MAX_CURSOR: usize = 1_024;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListData<'a> {
    #[serde(borrow)]
    pub(super) conversation_list: Vec<&'a RawValue>,
    #[serde(default)]
    report: Report,
    position: Option<String>,
    next: Option<String>,
    #[serde(default)]
    totals: Totals,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangesData<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(borrow, default)]
    pub(super) rows: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) removed: Vec<String>,
    position: Option<String>,
    #[serde(default)]
    totals: Totals,
    #[serde(default)]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    report: Report,
}

#[derive(Default, Deserialize)]
struct Totals {
    #[serde(default)]
    conversations: Option<u64>,
}

/// The report of a list. Unknown words of a later version are taken for less than they may be.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Report {
    coverage: Value,
    limit: Vec<Value>,
    as_of: Value,
    skipped: Vec<Value>,
}

/// Reads the data of an answer.
pub(super) fn data<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, SourceError> {
    // The words of the error may quote the answer.
    let envelope: Envelope<'a> =
        serde_json::from_slice(body).map_err(|_| protocol("an answer that is not as agreed"))?;
    serde_json::from_str(envelope.data.get())
        .map_err(|_| protocol("an answer whose data is not as agreed"))
}

impl ListData<'_> {
    pub(super) fn next(&self) -> Result<Option<Cursor>, SourceError> {
        self.next.as_deref().map(cursor).transpose()
    }

    pub(super) fn upstream(&self) -> Result<Upstream, SourceError> {
        upstream(&self.report, self.position.as_deref(), &self.totals)
    }
}

impl ChangesData<'_> {
    pub(super) fn upstream(&self) -> Result<Upstream, SourceError> {
        upstream(&self.state.report, self.position.as_deref(), &self.totals)
    }

    /// Returns the IDs of rows that left; those that are none are of no row.
    pub(super) fn removed(&self) -> Result<Vec<ConversationId>, SourceError> {
        if self.removed.len() > MAX_ROWS {
            return Err(protocol("an answer of too many rows"));
        }
        Ok(self.removed.iter().filter_map(|id| id.parse().ok()).collect())
    }
}

fn cursor(text: &str) -> Result<Cursor, SourceError> {
    match text.len() {
        1..=MAX_CURSOR => Ok(Cursor::new(text)),
        _ => Err(protocol("a page key of odd length")),
    }
}

fn upstream(
    report: &Report,
    position: Option<&str>,
    totals: &Totals,
) -> Result<Upstream, SourceError> {
    let position = position.map(str::parse::<Position>).transpose();
    let position = position.map_err(|_| protocol("a position that is none"))?;
    let mut upstream = Upstream::default();
    upstream.coverage = read(&report.coverage).unwrap_or(Coverage::CacheOnly);
    upstream.as_of = read::<Timestamp>(&report.as_of);
    upstream.limit = report.limit.iter().take(MAX_LIMITS).filter_map(read::<ListLimit>).collect();
    let skipped = report.skipped.iter().take(MAX_SKIPPED);
    upstream.skipped = skipped.filter_map(read::<SkippedRow>).collect();
    upstream.conversations = totals.conversations;
    upstream.position = position.map(|position| Cursor::new(position.to_string()));
    Ok(upstream)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// Reads rows; those that cannot be read are skipped.
pub(super) fn rows(raw: &[&RawValue]) -> Result<(Vec<SourceRow>, Vec<SkippedRow>), SourceError> {
    if raw.len() > MAX_ROWS {
        return Err(protocol("an answer of too many rows"));
    }
    let (mut rows, mut skipped) = (Vec::with_capacity(raw.len()), Vec::new());
    for raw in raw {
        match serde_json::from_str::<Conversation>(raw.get()) {
            Ok(row) => rows.push(SourceRow::new(patch(row))),
            Err(_) => skipped.push(SkippedRow::new(id(raw), "row of the gateway is not readable")),
        }
    }
    Ok((rows, skipped))
}

fn id(raw: &RawValue) -> Option<ConversationId> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "conversationID")]
        id: ConversationId,
    }
    serde_json::from_str::<Named>(raw.get()).ok().map(|named| named.id)
}

/// Returns what a row says. Its draft is of the gateway, and the device has one of its own. What an
/// event stated is not the cloud's word, and would be stored as if it were: only its place is taken.
pub(super) fn patch(row: Conversation) -> ConversationPatch {
    let provisional = row.provisional;
    let mut patch = ConversationPatch::new(row.id);
    patch.listing = Some(row.listing.into());
    patch.profile = row.profile;
    patch.unread = row.unread;
    if provisional.unread {
        patch.unread.count = None;
    }
    if !provisional.last_message {
        patch.last_message = row.last_message;
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_an_event_stated_are_not_taken() {
        let row = |provisional: &str| {
            let row = format!(
                r#"{{"conversationID":"C2Cbob","type":"C2C","unreadCount":3,
                    "provisional":{provisional}}}"#
            );
            patch(serde_json::from_str(&row).unwrap()).unread.count
        };
        assert_eq!(row("[]"), Some(3));
        assert_eq!(row(r#"["lastTime","unreadCount"]"#), None);
    }
}
