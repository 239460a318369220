//! The bodies of known commands, by the cloud's documentation.

mod c2c;
mod group;
mod people;

use conv_model::{AccountId, UserId};
use serde_json::value::RawValue;

use super::{
    Command, Event, EventKind, Oddity,
    fields::{Fields, text},
};

type Read = Result<EventKind, Oddity>;

/// Reads a body into an event that has its command.
pub(super) fn event(event: &mut Event, fields: &Fields<'_>) {
    let mut body = Body { fields, dropped: 0 };
    event.operator = body.optional_account("Operator_Account");
    event.time_ms = fields.number("EventTime");
    event.kind = kind(event.command, &mut body).unwrap_or_else(EventKind::Unknown);
    event.dropped = body.dropped;
}

fn kind(command: Command, body: &mut Body<'_, '_>) -> Read {
    match command {
        Command::C2cSent => c2c::sent(body),
        Command::C2cEdited => c2c::edited(body),
        Command::C2cRecalled => c2c::recalled(body),
        Command::C2cRead => c2c::read(body),
        Command::C2cReadAll => c2c::read_all(body),
        Command::GroupSent => group::sent(body),
        Command::GroupEdited => group::edited(body),
        Command::GroupRecalled => group::recalled(body),
        Command::GroupCreated => group::created(body),
        Command::MembersJoined => group::joined(body),
        Command::MembersLeft => group::left(body),
        Command::GroupDestroyed => group::destroyed(body),
        Command::GroupChanged | Command::TopicChanged => group::changed(body),
        Command::TopicCreated => group::topic_created(body),
        Command::TopicsDestroyed => Ok(group::topics_destroyed(body)),
        Command::ProfileChanged => people::profile(body),
        Command::StateChanged => people::state(body),
        Command::OverLimit => people::over_limit(body),
        Command::C2cReceipt
        | Command::GroupReceipt
        | Command::MemberChanged
        | Command::OwnerChanged
        | Command::GroupSendFailed
        | Command::FriendAdded
        | Command::FriendDeleted
        | Command::BlockAdded
        | Command::BlockDeleted => Ok(EventKind::NoList),
        Command::Before => Ok(EventKind::Before),
        Command::Other => Err(Oddity::Command),
    }
}

/// A body with the number of entries dropped so far.
struct Body<'f, 'a> {
    fields: &'f Fields<'a>,
    dropped: usize,
}

impl<'a> Body<'_, 'a> {
    /// Returns the account in a field.
    ///
    /// # Errors
    /// If the field is missing, or not a userID.
    fn account(&self, name: &'static str) -> Result<AccountId, Oddity> {
        let text = self.fields.text(name).ok_or(Oddity::Field(name))?;
        account(&text).ok_or(Oddity::Field(name))
    }

    /// Returns the account in a field; an invalid one is dropped and counted.
    fn optional_account(&mut self, name: &str) -> Option<AccountId> {
        let text = self.fields.text(name).filter(|text| !text.is_empty())?;
        let account = account(&text);
        self.dropped += usize::from(account.is_none());
        account
    }

    /// Returns the accounts in a list of objects with a field, or of texts; invalid ones are dropped
    /// and counted.
    fn accounts(&mut self, list: &str, field: &str) -> Vec<AccountId> {
        self.items(list, |item| account(&text_of(item, field)?))
    }

    /// Returns the entries of a list that `read` accepts; the others are dropped and counted.
    fn items<T>(&mut self, list: &str, read: impl Fn(&'a RawValue) -> Option<T>) -> Vec<T> {
        let list = self.fields.list(list);
        let read: Vec<T> = list.items.iter().filter_map(|item| read(item)).collect();
        self.dropped += list.items.len() - read.len() + list.beyond;
        read
    }
}

/// Returns the text in a field of an entry, or the entry itself if it is a text.
fn text_of(item: &RawValue, field: &str) -> Option<String> {
    let own = text(item).or_else(|| Fields::of_item(item)?.text(field));
    own.map(Into::into)
}

/// A list has more accounts than Tencent's grammar allows: here the grammar decides.
fn account(text: &str) -> Option<AccountId> {
    UserId::parse(text).ok().and_then(|user| user.as_str().parse().ok())
}
