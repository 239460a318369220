//! The calls: interest in accounts, and marks.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, Suggestion};

use super::{
    follow::follow,
    handle::Watch,
    neighbours::{Subject, listen},
    options::WatchLevel,
    shared::note,
    state::{Followed, Task},
    task::run,
    work::{Pending, Work},
};
use crate::{Accounts, Conversations, Error, accounts::Shared};

impl Accounts {
    /// Declares interest in an account: as long as one [`Watch`] of it lives, it stays loaded and is kept
    /// fresh. The first interest asks for a pass; then [marks](Self::mark) do, and if none came for
    /// long, time does. Several interests in one account count once. Without any, nothing is pulled
    /// because of marks.
    ///
    /// Returns once the list is loaded, which needs no cloud. Visible accounts are pulled before those
    /// in the background.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use conv_api::{Accounts, MemoryDatabase, WatchLevel, Work, testing::ScriptedSource};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let source = ScriptedSource::with_rows(40);
    /// let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source).build();
    /// let user = "user_0001".parse()?;
    ///
    /// // A page of the user is open.
    /// let watch = accounts.watch(&user, WatchLevel::Visible).await?;
    /// let mark = watch.refresh()?; // the user pulls the list down
    /// watch.reached(mark).await?; // the list is as fresh as that
    /// assert_eq!(watch.list().snapshot().len(), 40);
    ///
    /// // Webhooks name an account, or a group and no member.
    /// assert!(accounts.mark(&user, Work::Listing));
    /// accounts.mark_holders(&"C2Cuser_0007".parse()?, Work::Listing);
    /// assert!(!accounts.mark(&"nobody_here".parse()?, Work::Listing));
    ///
    /// drop(watch); // the page was closed
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn watch(&self, account: &AccountId, level: WatchLevel) -> Result<Watch, Error> {
        let list = self.open(account).await?;
        self.shared().enter(&list, level)?;
        Ok(Watch::new(Arc::downgrade(self.shared()), list, level))
    }

    /// Notes that something changed in the cloud for an account, for example because of a webhook.
    /// Returns false, and does nothing, if the account is not watched, or unknown. Returns at once, and
    /// makes no call.
    ///
    /// Marks of an account within a [short while](crate::WatchOptions::delay) make one pass. A mark
    /// during a pass makes another one after it. For single rows less than the list is read; see
    /// [`Work`].
    ///
    /// If the database has [signals](crate::ConversationDatabase::signals), other processes that watch the
    /// account are marked, too, and one of all makes the pass. The return value is about this process.
    pub fn mark(&self, account: &AccountId, work: Work) -> bool {
        let (shared, work) = (self.shared(), Pending::from(work));
        let is_watched = shared.watches.mark(account, &work);
        // Facets that this process reads reach the others with the rows.
        if !is_watched || work.is_listing {
            shared.tell(|| Subject::Account(account.clone()), &work);
        }
        is_watched
    }

    /// Notes that a conversation changed in the cloud, for all watched accounts that have it in their
    /// list: a webhook of a group names no member. Returns at once; false if no watched account has it.
    ///
    /// If [many](crate::WatchOptions::holders_per_second) hold it, they are marked one after the other,
    /// the longest unmarked first; more changes of the same conversation meanwhile cost a look-up each.
    ///
    /// If the database has [signals](crate::ConversationDatabase::signals), the accounts that other
    /// processes watch are marked, too.
    pub fn mark_holders(&self, row: &ConversationId, work: Work) -> bool {
        let (shared, work) = (self.shared(), Pending::from(work));
        let is_held = shared.watches.mark_holders(row, &work);
        shared.tell(|| Subject::Holders(row.clone()), &work);
        is_held
    }

    /// Shows a message that an event states in the list of a watched account, until a pass that begins
    /// after it has finished, for a minute at most. See
    /// [`ConversationStore::suggest`](conv_store::ConversationStore::suggest). Returns at once, and false if
    /// the account is not watched, or too many are shown
    /// [per second](crate::WatchOptions::suggestions_per_second).
    ///
    /// It asks for no pass: [`mark`](Self::mark) the account as well.
    pub fn suggest(&self, account: &AccountId, suggestion: Suggestion) -> bool {
        self.shared().watches.suggest(account, suggestion)
    }

    /// Shows a message that an event states in the lists of all watched accounts that have its
    /// conversation, as [`suggest`](Self::suggest) does. Returns how many lists take it.
    pub fn suggest_to_holders(&self, suggestion: &Suggestion) -> usize {
        self.shared().watches.suggest_to_holders(suggestion)
    }

    /// Returns the watched accounts that have a conversation in their list, in no order.
    pub fn holders(&self, row: &ConversationId) -> Vec<AccountId> {
        self.shared().watches.holders(row)
    }
}

impl Shared {
    /// Sends a mark to the other processes, if there can be any.
    fn tell(&self, subject: impl FnOnce() -> Subject, work: &Pending) {
        if let Some(neighbours) = self.neighbours.as_ref().filter(|_| !work.is_empty()) {
            neighbours.tell(&self.runtime, subject(), work);
        }
    }

    /// Adds an interest in the account of a list.
    fn enter(self: &Arc<Self>, list: &Conversations, level: WatchLevel) -> Result<(), Error> {
        let runtime = self.runtime.get()?;
        let (now, account) = (self.watches.now(), list.account());
        let (newest, before) = {
            let mut state = self.watches.lock();
            let is_new = state.lists.get(account).is_none_or(|held| !held.list.is_same(list));
            state.schedule.watch(now, account, level);
            let before = is_new.then(|| {
                state.schedule.relisted(now, account, list.progress());
                let follower = runtime.spawn(follow(Arc::downgrade(self), list.clone()));
                let follower = Task(follower.abort_handle());
                let followed =
                    Followed { list: list.clone(), follower, waiter: None, reader: None };
                state.lists.insert(account.clone(), followed)
            });
            let is_visible = state.schedule.is_visible(account);
            if let Some(followed) = state.lists.get(account) {
                followed.set_visible(is_visible);
            }
            if state.task.as_ref().is_none_or(|task| task.is_finished()) {
                state.task = Some(runtime.spawn(run(Arc::downgrade(self))).abort_handle());
            }
            if let Some(neighbours) = self.neighbours.as_ref().filter(|_| state.is_deaf()) {
                let listener = listen(Arc::downgrade(self), Arc::clone(neighbours));
                state.listener = Some(Task(runtime.spawn(listener).abort_handle()));
            }
            (state.schedule.newest_mark(account), before)
        };
        drop(before);
        note(Some((list.clone(), newest)));
        self.watches.wake.notify_one();
        Ok(())
    }
}
