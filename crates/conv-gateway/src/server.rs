//! The router that serves lists to devices.

mod address;
mod answer;
mod authorizer;
mod body;
mod builder;
mod caller;
mod change;
mod changes;
mod cors;
mod failures;
mod idempotency;
mod list;
mod login;
mod position;
mod problem;
mod profile;
mod rates;
mod refresh;
mod request;
mod routes;
mod shared;
mod stream;
mod unknown;

use std::{collections::BTreeSet, sync::Arc};

use axum::Router;
use conv_api::Accounts;

use self::shared::Shared;
use crate::AccessTokens;

pub use self::{
    authorizer::{Action, Authorizer},
    builder::GatewayBuilder,
    stream::StreamStats,
};

/// Serves the list of each user who logged in.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    origins: BTreeSet<String>,
}

impl Gateway {
    /// Starts building a gateway to the lists of `accounts`, for callers that `tokens` lets in.
    pub fn builder(accounts: Accounts, tokens: AccessTokens) -> GatewayBuilder {
        GatewayBuilder::new(accounts, tokens)
    }

    /// Returns the router, with all paths under `/v1`. It can be nested under any prefix, and merged with
    /// other routers. All routers of a gateway share its limits.
    pub fn router(&self) -> Router {
        routes::router(&self.shared, cors::layer(self.origins.clone()))
    }

    /// Returns numbers of the streams and long polls of all its routers.
    pub fn stream_stats(&self) -> StreamStats {
        self.shared.stream.stats.read()
    }
}
