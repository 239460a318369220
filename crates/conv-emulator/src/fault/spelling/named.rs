//! The names of faults, and the syntax of their values.

use std::time::Duration;

use super::{bad, number, text::unescape};
use crate::{
    Error, Lag,
    fault::{BadRow, Closing, Fault, Item},
    world::Peer,
};

pub(super) fn fault(text: &str) -> Result<Fault, Error> {
    match text.split_once('=') {
        None => plain(text),
        Some((name, value)) => with_value(name, value),
    }
    .unwrap_or_else(|| Err(bad(format!("no such fault: {text}; --help lists them"))))
}

/// Returns a fault without a value; `None` if `name` is not one.
fn plain(name: &str) -> Option<Result<Fault, Error>> {
    Some(Ok(match name {
        "stalled" => Fault::Stalled,
        "reset" => Fault::Reset,
        "truncated-body" => Fault::TruncatedBody,
        "cut-json" => Fault::CutJson,
        "html" => Fault::Html,
        "not-json" => Fault::NotJson,
        "unknown-fields" => Fault::UnknownFields,
        "no-date" => Fault::NoDate,
        "bad-date" => Fault::BadDate,
        "standing-cursor" => Fault::StandingCursor,
        "empty-page" => Fault::EmptyPage,
        "no-complete-flag" => Fault::NoCompleteFlag,
        "null-items" => Fault::NullItems,
        "no-items" => Fault::NoItems,
        "duplicate-rows" => Fault::DuplicateRows,
        "recalled" => Fault::Recalled,
        "deleted" => Fault::Deleted,
        "no-messages" => Fault::NoMessages,
        "no-names" => Fault::NoNames,
        "no-avatars" => Fault::NoAvatars,
        "no-conversation-groups" => Fault::NoConversationGroups,
        "partial-failure" => Fault::PartialFailure,
        _ => return None,
    }))
}

/// Returns a fault with a value; `None` if `name` is not one.
fn with_value(name: &str, value: &str) -> Option<Result<Fault, Error>> {
    Some(match name {
        "status" => number(value).map(Fault::Status),
        "code" => number(value).map(Fault::Code),
        "cursor-refused" => number(value).map(Fault::CursorRefused),
        "slow" => number(value).map(Duration::from_millis).map(Fault::Slow),
        "one-request" => closing(value).map(Fault::OneRequest),
        "gzip-bomb" => number(value).map(Fault::GzipBomb),
        "oversized" => number(value).map(Fault::Oversized),
        "deep-nesting" => number(value).map(Fault::DeepNesting),
        "date-off" => number(value).map(Fault::DateOff),
        "page-size" => number(value).map(Fault::PageSize),
        "bad-row" => bad_row(value).map(Fault::BadRow),
        "spoilt-rows" => spoilt_rows(value),
        "newer-rows" => number(value).map(Fault::NewerRows),
        "texts" => unescape(value).map(Fault::Texts),
        "names" => unescape(value).map(Fault::Names),
        "avatars" => unescape(value).map(Fault::Avatars),
        "huge-avatar" => number(value).map(Fault::HugeAvatar),
        "renamed-conversation-groups" => unescape(value).map(Fault::RenamedConversationGroups),
        "dissolved" => Ok(Fault::Dissolved(value.to_owned())),
        "joined" => joined(value),
        "held" => number(value).map(Duration::from_millis).map(Fault::Held),
        "applied-code" => number(value).map(Fault::AppliedCode),
        "applied-late" => number(value).map(seconds).map(Fault::AppliedLate),
        "applied-late-calls" => number(value).map(Lag::Calls).map(Fault::AppliedLate),
        "stale-reads" => number(value).map(seconds).map(Fault::StaleReads),
        "stale-reads-calls" => number(value).map(Lag::Calls).map(Fault::StaleReads),
        "item-code" => item_code(value),
        "item-missing" => item(value).map(Fault::ItemMissing),
        "not-joined" => Ok(Fault::NotJoined(value.to_owned())),
        _ => return None,
    })
}

fn closing(text: &str) -> Result<Closing, Error> {
    match text {
        "fin" => Ok(Closing::Fin),
        "rst" => Ok(Closing::Rst),
        _ => Err(bad(format!("expected one-request=fin or one-request=rst, got {text}"))),
    }
}

fn spoilt_rows(text: &str) -> Result<Fault, Error> {
    let (kind, every) = text
        .split_once('/')
        .ok_or_else(|| bad(format!("expected spoilt-rows=KIND/N, got {text}")))?;
    Ok(Fault::SpoiltRows { kind: bad_row(kind)?, every: number(every)? })
}

fn joined(text: &str) -> Result<Fault, Error> {
    // A group's ID may contain a slash.
    let (group, since) = text
        .rsplit_once('/')
        .ok_or_else(|| bad(format!("expected joined=GROUP/SECONDS, got {text}")))?;
    Ok(Fault::Joined { group: group.to_owned(), since: number(since)? })
}

fn seconds(seconds: u64) -> Lag {
    Lag::Time(Duration::from_secs(seconds))
}

fn item_code(text: &str) -> Result<Fault, Error> {
    // A conversation's ID may hold a slash itself.
    let (which, code) = text
        .rsplit_once('/')
        .ok_or_else(|| bad(format!("expected item-code=ITEM/N, got {text}")))?;
    Ok(Fault::ItemCode { item: item(which)?, code: number(code)? })
}

fn item(text: &str) -> Result<Item, Error> {
    if let Ok(place) = text.parse() {
        return Ok(Item::Place(place));
    }
    conversation(text).map(Item::Conversation)
}

/// A conversation's ID, which may hold escapes.
pub(super) fn conversation(text: &str) -> Result<String, Error> {
    let id = unescape(text)?;
    id.parse::<Peer>().map(|peer| peer.to_string()).map_err(|error| bad(error.to_string()))
}

fn bad_row(kind: &str) -> Result<BadRow, Error> {
    Ok(match kind {
        "null" => BadRow::Null,
        "wrong-types" => BadRow::WrongTypes,
        "unknown-type" => BadRow::UnknownType,
        "long-id" => BadRow::LongId,
        "control-bytes" => BadRow::ControlBytes,
        "non-ascii-id" => BadRow::NonAsciiId,
        "number-id" => BadRow::NumberId,
        "no-id" => BadRow::NoId,
        "negative-time" => BadRow::NegativeTime,
        "huge-time" => BadRow::HugeTime,
        "old-time" => BadRow::OldTime,
        "latin1-mark" => BadRow::Latin1Mark,
        "bad-labels" => BadRow::BadLabels,
        _ => return Err(bad(format!("no such bad row: {kind}; --help lists them"))),
    })
}
