//! The commands, one file each.

mod contact_group;
mod delete;
mod edit_group;
mod get_list;
mod group_info;
mod item;
mod joined;
mod mark;
mod member;
mod message;
mod portrait;
mod read;
mod room;
mod top;
mod unread;
mod write;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::write::Writer;
use crate::{
    code,
    credentials::Credentials,
    cursor::CursorKind,
    envelope::{self, Refusal, Reply},
    fault::Fault,
    request::Fields,
    world::{Account, Directory, Group, Peer, Row, World},
};

/// The command to which churn and the list faults apply.
pub(crate) const GET_LIST: &str = "recentcontact/get_list";

/// The state that a command may read in addition to its request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) credentials: &'a Credentials,
    pub(crate) cursor: CursorKind,
    /// Set if an empty page after the last full one says that the listing is complete.
    pub(crate) late: bool,
    /// The faults of this call.
    pub(crate) faults: &'a [Fault],
}

impl Context<'_> {
    /// The maximum number of rows per page, unless a fault sets it.
    fn page_size(&self, usual: usize) -> usize {
        let asked = self.faults.iter().rev().find_map(|fault| match fault {
            Fault::PageSize(rows) => Some((*rows).max(1)),
            _ => None,
        });
        asked.unwrap_or(usual)
    }

    /// Returns a chat group, unless it does not exist or a fault dissolves it.
    fn group<'d>(&self, directory: &'d Directory, id: &str) -> Option<&'d Group> {
        let is_gone = |fault: &Fault| matches!(fault, Fault::Dissolved(gone) if gone == id);
        directory.groups.get(id).filter(|_| !self.faults.iter().any(is_gone))
    }

    /// Returns since when an account is in a chat group; a fault overrides the world.
    fn member_since(&self, account: &Account, id: &str, group: &Group) -> Option<u64> {
        let said = self.faults.iter().rev().find_map(|fault| match fault {
            Fault::NotJoined(group) if group == id => Some(None),
            Fault::Joined { group, since } if group == id => Some(Some(*since)),
            _ => None,
        });
        said.unwrap_or_else(|| account.member_since(id, group))
    }

    /// Returns the chat groups that an account may be in, each with the account's row, if there is
    /// one.
    fn known_groups<'a>(&'a self, account: &'a Account) -> BTreeMap<&'a str, Option<&'a Row>> {
        let mut groups = account.known_groups();
        for fault in self.faults {
            if let Fault::Joined { group, .. } = fault {
                let row = account.rows.get(&Peer::group(group));
                groups.entry(group).or_insert(row);
            }
        }
        groups
    }
}

type Read = fn(Context<'_>, Fields<'_>) -> Reply;
type Write = fn(&mut Writer<'_>, Fields<'_>) -> Reply;

#[derive(Clone, Copy, Debug)]
enum Run {
    Read(Read),
    Write(Write),
}

#[derive(Debug)]
pub(crate) struct Command {
    /// `service/command`, as in the URL.
    pub(crate) name: &'static str,
    /// The code that its service answers to a wrong parameter.
    bad: u32,
    run: Run,
}

const fn command(name: &'static str, bad: u32, run: Read) -> Command {
    Command { name, bad, run: Run::Read(run) }
}

const fn writing(name: &'static str, bad: u32, run: Write) -> Command {
    Command { name, bad, run: Run::Write(run) }
}

const COMMANDS: &[Command] = &[
    command(GET_LIST, code::CONTACT_BAD_PARAMETER, get_list::run),
    writing("recentcontact/delete", code::CONTACT_BAD_PARAMETER, delete::run),
    writing("recentcontact/top", code::CONTACT_BAD_PARAMETER, top::run),
    writing("recentcontact/mark_contact", code::CONTACT_BAD_PARAMETER, mark::run),
    command("recentcontact/get_contact_group", code::CONTACT_BAD_PARAMETER, contact_group::get),
    command(
        "recentcontact/search_contact_group",
        code::CONTACT_BAD_PARAMETER,
        contact_group::search,
    ),
    writing("recentcontact/create_contact_group", code::CONTACT_BAD_PARAMETER, edit_group::create),
    writing("recentcontact/update_contact_group", code::CONTACT_BAD_PARAMETER, edit_group::update),
    writing("recentcontact/del_contact_group", code::CONTACT_BAD_PARAMETER, edit_group::delete),
    command("profile/portrait_get", code::PROFILE_BAD_REQUEST, portrait::run),
    command("group_open_http_svc/get_group_info", code::GROUP_BAD_PARAMETER, group_info::run),
    command("group_open_http_svc/get_joined_group_list", code::GROUP_BAD_PARAMETER, joined::run),
    command("group_open_http_svc/group_msg_get_simple", code::GROUP_BAD_PARAMETER, message::group),
    command("openim/get_c2c_unread_msg_num", code::MESSAGE_BAD_REQUEST, unread::run),
    command("openim/admin_getroammsg", code::MESSAGE_BAD_REQUEST, message::c2c),
    writing("openim/admin_set_msg_read", code::MESSAGE_BAD_REQUEST, read::run),
    writing(
        "group_open_http_svc/set_unread_msg_num",
        code::GROUP_BAD_PARAMETER,
        member::set_unread,
    ),
    writing(
        "group_open_http_svc/modify_group_member_info",
        code::GROUP_BAD_PARAMETER,
        member::modify,
    ),
];

/// Returns the command of a URL's path.
pub(crate) fn find(path: &str) -> Option<&'static Command> {
    let name = path.strip_prefix("/v4/")?;
    COMMANDS.iter().find(|command| command.name == name)
}

/// Returns the names of all commands.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

/// Returns true if a service's answers have `ErrorDisplay`.
pub(crate) fn has_display(path: &str) -> bool {
    path.starts_with("/v4/recentcontact/") || path.starts_with("/v4/profile/")
}

impl Command {
    pub(crate) fn run(&self, context: Context<'_>, body: &Map<String, Value>) -> Reply {
        let reply = match self.run {
            Run::Read(read) => read(context, Fields::new(body, self.bad)),
            Run::Write(write) => write::run(self, write, context, body),
        };
        let mut state = context.world.lock();
        state.served = state.served.saturating_add(1);
        reply
    }
}

pub(crate) fn no_such_command() -> Refusal {
    Refusal::new(code::NO_SUCH_COMMAND, "no such service or command")
}

/// Returns a recentcontact command's reply about an account that was not imported.
fn not_imported(account: &str) -> Refusal {
    Refusal::new(code::CONTACT_NO_ACCOUNT, format!("account {account} is not imported"))
}

/// Returns a reply without fields of its own.
fn nothing() -> Reply {
    Ok(Map::new())
}

fn reply(value: Value) -> Reply {
    Ok(envelope::fields(value))
}
