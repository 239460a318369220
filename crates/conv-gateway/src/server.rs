//! The router that serves lists to devices.

mod address;
mod answer;
mod authorizer;
mod body;
mod builder;
mod caller;
mod change;
mod changes;
mod contract;
mod cors;
mod etag;
mod failures;
mod hooks;
mod idempotency;
mod inbox;
mod interest;
mod list;
mod login;
mod pending;
mod position;
mod private;
mod problem;
mod profile;
mod rates;
mod refresh;
mod request;
mod revoked;
mod routes;
mod shared;
mod stats;
mod stream;
mod sum;
mod unknown;

use std::{collections::BTreeSet, sync::Arc};

use axum::Router;
use conv_api::{AccountId, Accounts, Error, Timestamp};

use self::shared::Shared;
use crate::{AccessTokens, Drain};

pub use self::{
    authorizer::{Action, Authorizer},
    builder::GatewayBuilder,
    hooks::{HookCount, HookOutcome, HookStats, Webhooks},
    inbox::Inbox,
    stats::GatewayStats,
    stream::StreamStats,
};

/// Serves the list of each user who logged in.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    origins: BTreeSet<String>,
    inbox: Option<Inbox>,
}

impl Gateway {
    /// Starts building a gateway to the lists of `accounts`, for callers that `tokens` lets in.
    pub fn builder(accounts: Accounts, tokens: AccessTokens) -> GatewayBuilder {
        GatewayBuilder::new(accounts, tokens)
    }

    /// Returns the router, with all paths under `/v1`, and those of [an inbox](GatewayBuilder::inbox) under
    /// `/inbox/`. It can be nested under any prefix, and merged with other routers. All routers of a
    /// gateway share its limits.
    pub fn router(&self) -> Router {
        let calls = routes::router(&self.shared, cors::layer(self.origins.clone()));
        match &self.inbox {
            Some(inbox) => calls.merge(inbox::router(&self.shared, inbox)),
            None => calls,
        }
    }

    /// Returns the numbers of the endpoint for webhooks, if it exists.
    pub fn hook_stats(&self) -> Option<HookStats> {
        self.shared.hooks.as_ref().map(|hooks| hooks.stats())
    }

    /// Returns a router for a port that only the operator reaches; what it answers names no user.
    ///
    /// | call | answer |
    /// | --- | --- |
    /// | `GET /livez` | 200 while the runtime runs tasks |
    /// | `GET /readyz` | 200; 503 once `drain` drains, after the accounts were closed, or while their database cannot be reached. Never depends on the cloud |
    /// | `GET /metrics` | the numbers of [`stats`](Self::stats) and of the accounts, as Prometheus reads them |
    /// | `GET /stats` | the accounts' numbers as JSON |
    pub fn private_router(&self, drain: &Drain) -> Router {
        private::router(&self.shared, drain)
    }

    /// Returns the numbers of this gateway.
    pub fn stats(&self) -> GatewayStats {
        self.shared.stats.clone()
    }

    /// Refuses the UserSigs and access tokens of an account that were issued before a time: with the
    /// next second, it is logged out everywhere. Of several such times the latest counts.
    ///
    /// This process refuses them at once, and ends the account's open streams with `bye` and the reason
    /// `expired`. If the database has [signals](conv_api::ConversationDatabase::signals), the other
    /// processes do the same as soon as they hear of it, and if a message is missed, within ten seconds
    /// at a call, and within a minute on an open stream. The time is kept with the database for as long
    /// as a UserSig can be valid: with [`AccessTokens::max_age`] so long, else for good. Without signals it
    /// is known to this process alone, and until it ends.
    ///
    /// While the database cannot be reached, no process makes new tokens, and those that were made
    /// before are valid unless the process knows better, until they expire.
    ///
    /// # Errors
    /// [`Error::Store`] if the database could not take it in: then only this process refuses them, so
    /// revoke again.
    pub async fn revoke(&self, account: &AccountId, not_before: Timestamp) -> Result<(), Error> {
        Ok(self.shared.revoked.revoke(account, not_before, self.shared.now()).await?)
    }

    /// Returns numbers of the streams and long polls of all its routers.
    pub fn stream_stats(&self) -> StreamStats {
        self.shared.stream.stats.read()
    }
}
