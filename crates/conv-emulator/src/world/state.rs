//! The state behind the world's lock.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;

use super::{
    account::{Account, View},
    clock::Clock,
    directory::{Directory, User},
    generate,
};
use crate::{Edition, Unknowns, lag::Due};

/// The initial settings of a world.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) seed: u64,
    pub(crate) now: u64,
    pub(crate) accounts: Vec<Arc<str>>,
    pub(crate) conversations: usize,
    pub(crate) plan_limit: usize,
    pub(crate) page_size: usize,
    pub(crate) retention: Option<Duration>,
    pub(crate) unknowns: Unknowns,
    pub(crate) edition: Edition,
}

/// A write that is applied after its answer.
struct Pending {
    due: Due,
    apply: Box<dyn FnOnce(&mut State) + Send>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("due", &self.due).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(super) clock: Clock,
    pub(crate) directory: Directory,
    pub(crate) plan_limit: usize,
    pub(crate) page_size: usize,
    pub(super) retention: Option<Duration>,
    pub(crate) rng: Rng,
    pub(crate) seed: u64,
    pub(crate) unknowns: Unknowns,
    pub(crate) edition: Edition,
    /// The calls whose commands were run.
    pub(crate) served: u64,
    /// Writes that were answered and are not applied yet, in the order of their calls.
    pending: Vec<Pending>,
    born: u64,
    conversations: usize,
    /// Accounts with a generated list, which is built on first use.
    pub(super) generated: HashSet<Arc<str>>,
    pub(super) accounts: HashMap<Arc<str>, Account>,
}

impl State {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning { seed, now, accounts, conversations, .. } = beginning;
        Self {
            clock: Clock::starting_at(now),
            directory: generate::directory(seed, now, &accounts, conversations),
            plan_limit: beginning.plan_limit,
            page_size: beginning.page_size,
            retention: beginning.retention,
            rng: Rng::with_seed(seed ^ 0x5eed),
            seed,
            unknowns: beginning.unknowns,
            edition: beginning.edition,
            served: 0,
            pending: Vec::new(),
            born: now,
            conversations,
            generated: accounts.into_iter().collect(),
            accounts: HashMap::new(),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    pub(crate) fn moment(&self) -> Duration {
        self.clock.moment()
    }

    /// Applies a write later.
    pub(crate) fn defer(&mut self, due: Due, apply: Box<dyn FnOnce(&mut Self) + Send>) {
        self.pending.push(Pending { due, apply });
    }

    /// Applies the writes whose time has come.
    pub(super) fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let (now, served) = (self.moment(), self.served);
        let pending = std::mem::take(&mut self.pending);
        let (due, later): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|write| write.due.is_past(now, served));
        self.pending = later;
        for write in due {
            (write.apply)(self);
        }
    }

    pub(crate) fn knows(&self, user: &str) -> bool {
        self.directory.users.contains_key(user)
    }

    /// Returns an account's list, if the account was imported. Every user of the directory is: one
    /// without a generated list has an empty one.
    pub(crate) fn account(&mut self, id: &str) -> Option<&mut Account> {
        self.account_and_directory(id).map(|(account, _)| account)
    }

    pub(crate) fn account_and_directory(
        &mut self,
        id: &str,
    ) -> Option<(&mut Account, &mut Directory)> {
        let (key, _) = self.directory.users.get_key_value(id)?;
        if !self.accounts.contains_key(id) {
            let account = match self.generated.contains(id) {
                true => {
                    generate::account(self.seed, self.born, id, self.conversations, &self.directory)
                }
                false => Account::default(),
            };
            self.accounts.insert(Arc::clone(key), account);
        }
        let now = self.clock.moment();
        let account = self.accounts.get_mut(id)?;
        account.expire(now, self.served);
        Some((account, &mut self.directory))
    }

    /// Returns the accounts used so far; the others have no list yet.
    pub(crate) fn accounts_and_directory(
        &mut self,
    ) -> (impl Iterator<Item = &mut Account>, &mut Directory) {
        (self.accounts.values_mut(), &mut self.directory)
    }

    pub(crate) fn import(&mut self, user: &str) {
        if !self.knows(user) {
            self.directory.add_user(user, User::default());
        }
    }

    /// Returns the view of a caller that asks for everything.
    pub(crate) fn whole_view(&self) -> View {
        View {
            pins_matter: true,
            empty_too: true,
            limit: self.plan_limit,
            oldest: View::oldest(self.now(), self.retention),
        }
    }
}
