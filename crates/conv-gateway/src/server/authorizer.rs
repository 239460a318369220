//! The embedder's decision whether one account may act for another.

use async_trait::async_trait;
use conv_api::AccountId;

/// The use that a delegate makes of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Reads it.
    Read,
    /// Has it pulled from the cloud.
    Refresh,
    /// Changes it, as the user himself could.
    Change,
}

/// Decides whether an account may act for another, under `/v1/accounts/{account}/…`: a support desk, a
/// supervisor. A closure is one. Without an authorizer these paths do not exist.
///
/// It is asked at every call. The principal is the account of the access token; the account is the
/// text of the path, which may be no user at all.
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Returns true if `principal` may do this with the list of `account`.
    async fn allows(&self, principal: &AccountId, account: &AccountId, action: Action) -> bool;
}

#[async_trait]
impl<F> Authorizer for F
where
    F: Fn(&AccountId, &AccountId, Action) -> bool + Send + Sync + 'static,
{
    async fn allows(&self, principal: &AccountId, account: &AccountId, action: Action) -> bool {
        self(principal, account, action)
    }
}
