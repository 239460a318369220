//! Logging in, and staying so.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request, State},
    http::HeaderMap,
};
use conv_api::{AccountId, AccountTag, Error, Timestamp};
use conv_sync::UserSigError;
use serde::{Deserialize, Serialize};

use super::{
    address,
    answer::{Answer, Answered},
    body::{self, Options},
    caller, change, list,
    problem::Problem,
    shared::Shared,
};
use crate::{AccessToken, TokenError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LoginOptions {
    #[serde(rename = "userID")]
    user_id: String,
    user_sig: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    access_token: &'a str,
    expires_at: Timestamp,
    /// From then on the token cannot be renewed: log in with a new UserSig.
    login_ends_at: Timestamp,
    account: &'a AccountId,
    server_time: Timestamp,
    features: Features,
    limits: Limits,
}

/// The features of this gateway beyond its calls.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Features {
    delegates: bool,
    profiles_of_any_user: bool,
    stream: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    body_bytes: usize,
    conversations_per_call: usize,
    rows_per_page: usize,
}

/// `POST /login`
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Answered {
    let address = address::of(&request, shared.hops);
    let limited = |now| {
        shared.failures.check(address, now).map_err(|pause| {
            shared.stats.login("limited");
            Problem::too_many(pause)
        })
    };
    limited(shared.now())?;
    let Options(LoginOptions { user_id, user_sig }) = Options::from_request(request, &()).await?;
    // Others from this address may have failed while the body came.
    let now = shared.now();
    limited(now)?;
    let login = || {
        shared.tokens.login(&user_id, &user_sig, now).map_err(|error| {
            shared.failures.count(address, now);
            shared.stats.login(outcome(error));
            refused(error)
        })
    };
    let token = login()?;
    // Only for those whose UserSig is genuine.
    let account = &token.session().account;
    shared.revoked.learn_surely(account).await.map_err(Error::from)?;
    let token = if shared.revoked.not_before(account).is_some() { login()? } else { token };
    shared.stats.login("accepted");
    tracing::debug!(account = %AccountTag::of(&token.session().account), "logged in");
    answer(&shared, &token, now)
}

/// `POST /login/renew`
pub(super) async fn renew(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Answered {
    let now = shared.now();
    let token = caller::bearer(&headers).ok_or_else(Problem::not_logged_in)?;
    let session = shared.tokens.check(token, now).inspect_err(|_| {
        shared.stats.login("renewal_refused");
    })?;
    shared.revoked.learn_surely(&session.account).await.map_err(Error::from)?;
    let token = shared.tokens.renew(token, now).inspect_err(|_| {
        shared.stats.login("renewal_refused");
    })?;
    // The same allowance as of all other calls.
    shared.requests.take(&token.session().account).map_err(Problem::too_many)?;
    shared.stats.login("renewed");
    answer(&shared, &token, now)
}

/// The outcome that the numbers name.
fn outcome(error: TokenError) -> &'static str {
    match error {
        TokenError::UserSig(UserSigError::Expired(_)) => "expired",
        TokenError::Administrator => "administrator",
        TokenError::Ahead => "ahead",
        TokenError::TooOld => "too_old",
        TokenError::Revoked => "revoked",
        _ => "refused",
    }
}

fn refused(error: TokenError) -> Problem {
    let problem = Problem::from(error);
    tracing::debug!(code = problem.code, "login refused");
    problem
}

fn answer(shared: &Shared, token: &AccessToken, now: Timestamp) -> Answered {
    let session = token.session();
    Answer::of(&Data {
        access_token: token.expose(),
        expires_at: session.expires_at,
        login_ends_at: session.ends_at,
        account: &session.account,
        server_time: now,
        features: Features {
            delegates: shared.authorizer.is_some(),
            profiles_of_any_user: shared.any_user,
            stream: true,
        },
        limits: Limits {
            body_bytes: body::MAX_BYTES,
            conversations_per_call: change::MAX_IDS,
            rows_per_page: list::MAX_LIMIT,
        },
    })
}
