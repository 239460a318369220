//! Faults on request, by command and call.

mod apply;
mod batch;
mod body;
mod item;
mod list;
mod message;
mod profile;
mod row;
mod rule;
mod script;
mod spelling;

use std::time::Duration;

pub(crate) use self::{
    apply::{Call, Early, date, early, edit, finish},
    item::{drop_results, held, overrule},
    list::Memory,
    rule::is_named,
};
pub use self::{
    item::Item,
    row::BadRow,
    rule::{Rule, When},
    script::Faults,
};
use crate::Lag;

/// A fault of an answer.
///
/// A fault changes nothing about commands that it does not concern: [`Fault::Names`] leaves a page
/// of the list unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An HTTP error with an HTML page, like a gateway's. The command does not run.
    Status(u16),
    /// An application error with this code. The command does not run.
    Code(u32),
    /// Like [`Fault::Code`], but only for calls that continue a listing from a cursor: the first
    /// page of any list is answered. Does not affect commands without a cursor.
    CursorRefused(u32),
    /// The answer comes late.
    Slow(Duration),
    /// The answer never comes, so the caller times out. The command does not run.
    Stalled,
    /// The command runs, and the connection closes without its answer.
    Reset,
    /// The server closes each connection at its second request, which it neither runs nor answers,
    /// although it announces keep-alive.
    OneRequest(Closing),
    /// The connection breaks in the middle of the body.
    TruncatedBody,
    /// The body ends in the middle of its JSON, with a matching length.
    CutJson,
    /// HTTP 200 with an HTML page.
    Html,
    /// HTTP 200 with bytes that are neither JSON nor text.
    NotJson,
    /// A small gzip body that inflates to this many bytes of JSON.
    GzipBomb(usize),
    /// A JSON body of at least this many bytes.
    Oversized(usize),
    /// The answer has no `Date` header.
    NoDate,
    /// The `Date` header is this many seconds off, behind if below zero.
    DateOff(i64),
    /// The `Date` header is not a date.
    BadDate,
    /// A list's pages have at most this many rows (at least one). Applies to every command with
    /// pages: `get_list`, `get_contact_group` and `get_joined_group_list`.
    PageSize(usize),
    /// A list's cursor stays that of the request.
    StandingCursor,
    /// A list's page is empty and not the last one; its cursor leads to the omitted rows.
    EmptyPage,
    /// A list's `CompleteFlag` is missing.
    NoCompleteFlag,
    /// A list's `SessionItem` is null.
    NullItems,
    /// A list's `SessionItem` is missing.
    NoItems,
    /// A list's page repeats its first row, and the last rows of the page before.
    DuplicateRows,
    /// A list's page has one additional row, which is wrong in this way.
    BadRow(BadRow),
    /// Each row of a list's page whose position is a multiple of `every` is spoilt in this way: 1
    /// spoils all rows. The order of a page is fixed per request, so the same rows are spoilt
    /// again.
    SpoiltRows {
        /// The fault of a spoilt row.
        kind: BadRow,
        /// One row of this many is spoilt; 0 spoils none.
        every: usize,
    },
    /// Messages are recalled: `MsgFlagBits` is 8, `IsPlaceMsg` 2. Their texts remain.
    Recalled,
    /// Messages are deleted or have expired: users' messages are left out of `MsgList`, groups'
    /// messages are placeholders with `IsPlaceMsg` 1 and without a body.
    Deleted,
    /// Histories are empty: `MsgList` and `RspMsgList` are `[]`.
    NoMessages,
    /// The times of a list's rows are this many seconds later than those of their last messages.
    /// Messages sent to online members only may have this effect, as no history contains them.
    NewerRows(u64),
    /// Each message has this text.
    Texts(String),
    /// Each user's nick and each group's name is this text, which may be blank, empty, or hold
    /// [`LONE_SURROGATE`](crate::LONE_SURROGATE).
    Names(String),
    /// No user has a nick: the tag is left out. The names of groups are empty.
    NoNames,
    /// Each user's and each group's avatar is this text, which may be empty.
    Avatars(String),
    /// No user has an avatar: the tag is left out. The avatars of groups are empty.
    NoAvatars,
    /// The first user of an answer has an avatar whose URL is this many bytes long.
    HugeAvatar(usize),
    /// The conversations are in no conversation group: `ContactGroupId` is left out.
    NoConversationGroups,
    /// Conversation groups are renamed: each name gets this text appended.
    RenamedConversationGroups(String),
    /// This chat group is not in `get_joined_group_list`: the account has left it, or was removed.
    NotJoined(String),
    /// The account is in this chat group since this second, even if its list does not have it.
    Joined {
        /// The group's ID.
        group: String,
        /// `JoinTime`, in seconds since 1970.
        since: u64,
    },
    /// This chat group was dissolved. The lists of its members still have it.
    Dissolved(String),
    /// Undocumented fields, in the answer and in its rows.
    UnknownFields,
    /// A field nested this deep.
    DeepNesting(usize),
    /// Every other user, group or peer of a batch fails by itself.
    PartialFailure,
    /// The command runs at once, and its answer comes late: what a listing shows is old by then.
    Held(Duration),
    /// The command runs, and the answer says that it failed, with this number: 50005 or 60008 leave
    /// the outcome open.
    AppliedCode(u32),
    /// A write is answered at once and applied later. Between the two, others may write.
    AppliedLate(Lag),
    /// After a write, commands that read the account show it as it was before, for so long, and
    /// with it whatever else changes meanwhile. Writes that lag one behind the other show one by
    /// one, as on a replica.
    StaleReads(Lag),
    /// An item of a write is not applied and fails with this number: by itself where the answer has
    /// a result per item, else the call as [`TopItems`](crate::TopItems) says, or as a whole.
    ItemCode {
        /// The items that fail.
        item: Item,
        /// The number of the error.
        code: u32,
    },
    /// The result of an item, which is applied, is missing in the answer. Together with
    /// [`Fault::ItemCode`] it is not applied and missing.
    ItemMissing(Item),
}

/// The way in which a server closes a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Closing {
    /// Orderly: the peer reads the end of the stream.
    #[default]
    Fin,
    /// With a TCP reset: the peer's reads and writes fail.
    Rst,
}
