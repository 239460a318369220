//! The cloud behind the protocol, and the methods that change it.

mod account;
mod applied;
mod clock;
mod conversations;
mod devices;
mod directory;
mod edits;
mod generate;
mod history;
mod listing;
mod membership;
mod names;
mod peer;
mod state;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use self::{
    account::{Account, Label, Row, Snapshot, View},
    directory::{Avatar, Directory, Group, Kept, Message, User},
    generate::{GROUP_NAMES, hash},
    peer::Peer,
    state::{Beginning, State},
};
pub use self::{
    applied::{Applied, Change},
    directory::GroupType,
    edits::MsgFlag,
    listing::Listed,
};

use crate::{Edition, Error, Unknowns};

/// A handle on the emulated cloud.
///
/// Clones share one world. Each call locks it only while it runs, so a handle can be used from any
/// thread while the emulator answers requests.
///
/// Conversation IDs are those of the web SDK: `C2C` and a user ID, `GROUP` and a group ID (or a
/// topic ID).
///
/// Lists are independent: a message in one account's list does not appear in its peer's.
#[derive(Clone, Debug)]
pub struct World {
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) fn new(beginning: Beginning) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(beginning))) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of another thread cannot leave a change half done that matters to a test.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }

    /// Returns the cloud's time in seconds, which every answer's `Date` header has.
    pub fn now(&self) -> u64 {
        self.lock().now()
    }

    /// Returns the cloud's time since 1970, finer than a second.
    pub(crate) fn moment(&self) -> Duration {
        self.lock().moment()
    }

    /// Moves the cloud's time forward.
    pub fn advance(&self, by: Duration) {
        self.lock().clock.advance(by);
    }

    /// Sets the cloud's time.
    pub fn set_now(&self, unix_seconds: u64) {
        self.lock().clock.set(unix_seconds);
    }

    /// Sets the maximum number of rows per listing: the newest ones, counting pinned rows first.
    pub fn set_plan_limit(&self, rows: usize) {
        self.lock().plan_limit = rows;
    }

    /// Sets the number of rows per page. [`Fault::PageSize`](crate::Fault::PageSize) sets it for
    /// one command.
    pub fn set_page_size(&self, rows: usize) {
        self.lock().page_size = rows.max(1);
    }

    /// Sets what the emulated cloud does where the documentation is silent.
    pub fn set_unknowns(&self, unknowns: Unknowns) {
        self.lock().unknowns = unknowns;
    }

    /// Sets the app's edition, which decides what can be written.
    pub fn set_edition(&self, edition: Edition) {
        self.lock().edition = edition;
    }

    /// Returns the accounts with generated lists, sorted.
    pub fn accounts(&self) -> Vec<String> {
        let state = self.lock();
        let mut ids: Vec<_> = state.generated.iter().map(|id| id.to_string()).collect();
        ids.sort();
        ids
    }

    /// Returns the list that a correct client holds of an account once nothing changes: the newest
    /// rows up to the plan's limit, empty conversations included, in list order (pinned first,
    /// newest first, ties by conversation ID).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn listing(&self, account: &str) -> Result<Vec<Listed>, Error> {
        let mut state = self.lock();
        let view = state.whole_view();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        Ok(listing::of(account, view))
    }

    /// Imports an account with an empty list, or sets the nick of a known user.
    pub fn add_user(&self, user: &str, nick: &str) {
        let mut state = self.lock();
        state.import(user);
        if let Some(user) = state.directory.users.get_mut(user) {
            user.nick = Some(nick.into());
        }
    }

    /// Changes a user's nick.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn rename_user(&self, user: &str, nick: &str) -> Result<(), Error> {
        self.set_nick(user, Some(nick))
    }

    /// Sets a user's nick. `None` removes it: answers leave the tag out. An empty text removes it
    /// as well: answers have the tag with an empty value. Tencent does not document which of the
    /// two it does.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn set_nick(&self, user: &str, nick: Option<&str>) -> Result<(), Error> {
        self.change_user(user, |held| held.nick = nick.map(Into::into))
    }

    /// Sets the URL of a user's avatar, of any length. Removes it like [`World::set_nick`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn set_avatar(&self, user: &str, url: Option<&str>) -> Result<(), Error> {
        self.change_user(user, |held| {
            held.avatar = url.map_or(Avatar::Unset, |url| Avatar::Given(url.into()));
        })
    }

    /// Removes an account with its list and profile. The lists of others keep their rows with it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn remove_account(&self, account: &str) -> Result<(), Error> {
        let mut state = self.lock();
        state.generated.remove(account);
        state.accounts.remove(account);
        state.directory.users.remove(account).map(drop).ok_or_else(|| unknown(account))
    }

    /// Creates a chat group, or replaces one.
    pub fn add_group(&self, group: &str, kind: GroupType, name: &str) {
        let mut state = self.lock();
        let now = state.now();
        state.directory.add_group(group, kind, name, now);
    }

    /// Changes a chat group's name, which may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn rename_group(&self, group: &str, name: &str) -> Result<(), Error> {
        self.change_group(group, |held| held.name = name.into())
    }

    /// Sets the URL of a chat group's avatar; an empty one removes it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn set_group_avatar(&self, group: &str, url: &str) -> Result<(), Error> {
        self.change_group(group, |held| held.avatar = Avatar::Given(url.into()))
    }

    /// Revokes the caller's right to read a chat group, or restores it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn hide_group(&self, group: &str, hidden: bool) -> Result<(), Error> {
        self.change_group(group, |held| held.hidden = hidden)
    }

    /// Dissolves a chat group. The lists of its members keep their rows until these are removed.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn dissolve_group(&self, group: &str) -> Result<(), Error> {
        let mut state = self.lock();
        let removed = state.directory.groups.remove(group);
        if removed.is_some() {
            state.directory.dissolved.insert(group.into());
        }
        removed.map(drop).ok_or_else(|| Error::UnknownGroup(group.to_owned()))
    }

    fn change_user(&self, user: &str, change: impl FnOnce(&mut User)) -> Result<(), Error> {
        let mut state = self.lock();
        state.directory.users.get_mut(user).map(change).ok_or_else(|| unknown(user))
    }

    fn change_group(&self, group: &str, change: impl FnOnce(&mut Group)) -> Result<(), Error> {
        let mut state = self.lock();
        let held = state.directory.groups.get_mut(group);
        held.map(change).ok_or_else(|| Error::UnknownGroup(group.to_owned()))
    }
}

fn unknown(account: &str) -> Error {
    Error::UnknownAccount(account.to_owned())
}
