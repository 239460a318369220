//! The state that all calls share.

use std::{fmt, sync::Arc};

use conv_api::{AccountId, Accounts, Conversations, Timestamp};

use super::{
    authorizer::Authorizer,
    caller::Caller,
    failures::Failures,
    hooks::Hooks,
    idempotency::Kept,
    interest::{Fresh, Interests},
    problem::Problem,
    rates::Rates,
    request::Ids,
    revoked::Revoked,
    stats::GatewayStats,
    stream::Streams,
    unknown::Unknown,
};
use crate::{AccessTokens, Session};

pub(super) type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub(super) struct Shared {
    pub(super) accounts: Accounts,
    pub(super) tokens: AccessTokens,
    pub(super) revoked: Arc<Revoked>,
    pub(super) authorizer: Option<Arc<dyn Authorizer>>,
    pub(super) clock: WallClock,
    /// Proxies of the embedder in front of this server.
    pub(super) hops: usize,
    /// Set if a user may read the profile of any user.
    pub(super) any_user: bool,
    pub(super) requests: Rates<AccountId>,
    /// Calls of the cloud that a user causes.
    pub(super) cloud_calls: Rates<AccountId>,
    pub(super) failures: Failures,
    pub(super) unknown: Unknown,
    pub(super) kept: Kept,
    pub(super) ids: Ids,
    /// Accounts kept fresh for clients that ask again and again, or were cut off.
    pub(super) interests: Interests,
    pub(super) hooks: Option<Arc<Hooks>>,
    pub(super) stats: GatewayStats,
    pub(super) stream: Streams,
}

impl Shared {
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns the login of an access token, unless it is known here as revoked.
    pub(super) async fn session(&self, token: &str) -> Result<Session, Problem> {
        let session = self.tokens.check(token, self.now())?;
        self.revoked.learn(&session.account).await;
        match self.revoked.not_before(&session.account) {
            // Most of all calls: the check before was one by all that is known now.
            None => Ok(session),
            Some(_) => Ok(self.tokens.check(token, self.now())?),
        }
    }

    /// Opens the list that a call is about, and keeps the list of a client that asks again and again as
    /// fresh as that of one with a stream. Without an allowance for the first pass the list stays as it
    /// is, and there is no interest in it.
    pub(super) async fn open(
        &self,
        caller: &Caller,
    ) -> Result<(Conversations, Option<Fresh>), Problem> {
        let list = self.accounts.open(&caller.account).await?;
        let fresh = match self.interests.prolong(&list) {
            Some(fresh) => Some(fresh),
            None if self.spend(caller).is_err() => None,
            None => self.interests.begin(&self.accounts, &list).await.ok(),
        };
        Ok((list, fresh))
    }

    /// Opens the list for a call that needs its rows. A list that was never read knows of no
    /// conversation and no group: "it does not exist" would be wrong.
    pub(super) async fn known(&self, caller: &Caller) -> Result<Conversations, Problem> {
        let (list, _) = self.open(caller).await?;
        match list.sync_report().as_of {
            Some(_) => Ok(list),
            None => Err(Problem::not_read_yet()),
        }
    }

    /// Takes a call of the cloud from a user's allowance: that of the caller, not of the one
    /// whose list it is.
    pub(super) fn spend(&self, caller: &Caller) -> Result<(), Problem> {
        self.cloud_calls.take(&caller.principal).map(|_| ()).map_err(Problem::too_many)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}
