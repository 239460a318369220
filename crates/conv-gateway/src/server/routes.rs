//! The paths, and the layers around them.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header::AUTHORIZATION},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use conv_api::ErrorClass;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::CorsLayer,
    sensitive_headers::SetSensitiveRequestHeadersLayer,
};

use super::{
    authorizer::Action,
    caller::{self, Gate},
    change, changes, contract, hooks, idempotency, list, login, pending,
    problem::{Problem, sdk},
    profile, refresh,
    request::observe,
    shared::Shared,
    stream,
};

/// Smaller answers are sent as they are.
const COMPRESSED_FROM: u16 = 1024;

pub(super) fn router(shared: &Arc<Shared>, cors: CorsLayer) -> Router {
    let mut calls =
        calls(shared, |router, gate| router.route_layer(from_fn_with_state(gate, caller::own)));
    if shared.authorizer.is_some() {
        let delegated = self::calls(shared, |router, gate| {
            router.route_layer(from_fn_with_state(gate, caller::delegate))
        });
        calls = calls.nest("/accounts/{account}", delegated);
    }
    // Tokens are never compressed: a length may tell of them.
    let mut versioned = calls
        .merge(routed(public()))
        .layer(compression())
        .merge(routed(logins()))
        // A ticket lets in, instead of a token.
        .route("/conversations/stream", get(stream::get))
        .fallback(no_such_call)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]))
        .layer(from_fn_with_state(Arc::clone(shared), observe))
        .with_state(Arc::clone(shared));
    // No page calls it, and its refusals are in the cloud's shape.
    if let Some(hooks) = &shared.hooks {
        let hooks = hooks::routes(Arc::clone(hooks));
        versioned = versioned.merge(hooks.layer(from_fn_with_state(Arc::clone(shared), observe)));
    }
    // The fallbacks are below the version, so that an embedder keeps his own.
    Router::new().nest("/v1", versioned)
}

/// A path and its handlers. `openapi.json` has the same paths and methods.
pub(super) type Call = (&'static str, MethodRouter<Arc<Shared>>);

/// Calls that need no token and hold nothing of a user.
fn public() -> Vec<Call> {
    vec![("/openapi.json", get(contract::get))]
}

fn logins() -> Vec<Call> {
    vec![("/login", post(login::post)), ("/login/renew", post(login::renew))]
}

fn reads() -> Vec<Call> {
    vec![
        ("/conversations", get(list::get)),
        ("/conversations/list", post(list::post)),
        ("/conversations/profile", post(profile::post)),
        ("/conversations/stream", post(stream::post)),
        ("/conversations/changes", post(changes::post)),
        ("/stream-ticket", post(stream::ticket)),
        ("/changes", get(pending::get)),
        ("/groups", get(list::groups)),
        ("/totals", get(list::totals)),
    ]
}

fn refreshes() -> Vec<Call> {
    vec![("/conversations/refresh", post(refresh::post))]
}

fn changes_made() -> Vec<Call> {
    [change::calls(), pending::calls()].concat()
}

fn routed(calls: Vec<Call>) -> Router<Arc<Shared>> {
    calls.into_iter().fold(Router::new(), |router, (path, call)| router.route(path, call))
}

/// The calls on one list, by the action that they need permission for.
fn calls(
    shared: &Arc<Shared>,
    guarded: impl Fn(Router<Arc<Shared>>, Gate) -> Router<Arc<Shared>>,
) -> Router<Arc<Shared>> {
    let gate = |action| Gate { shared: Arc::clone(shared), action };
    let once = from_fn_with_state(Arc::clone(shared), idempotency::once);
    let (read, refresh) = (routed(reads()), routed(refreshes()));
    let change = routed(changes_made()).route_layer(once);
    guarded(read, gate(Action::Read))
        .merge(guarded(refresh, gate(Action::Refresh)))
        .merge(guarded(change, gate(Action::Change)))
}

/// A compressor holds the events of a stream back.
pub(super) fn compression() -> CompressionLayer<impl Predicate> {
    let predicate =
        SizeAbove::new(COMPRESSED_FROM).and(NotForContentType::const_new("text/event-stream"));
    CompressionLayer::new().compress_when(predicate)
}

/// The message of a panic may hold anything, so neither the caller nor the log gets it.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a call panicked");
    Problem::panicked().into_response()
}

async fn no_such_call() -> Response {
    let (status, class) = (StatusCode::NOT_FOUND, ErrorClass::NotFound);
    Problem::new(status, class, sdk::NO_SUCH_CALL, "no such call").into_response()
}

async fn no_such_method() -> Response {
    let (status, class) = (StatusCode::METHOD_NOT_ALLOWED, ErrorClass::InvalidArgument);
    Problem::new(status, class, sdk::NO_SUCH_CALL, "no such call with this method").into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_contract_has_every_path_and_no_other() {
        let calls = [public(), logins(), reads(), refreshes(), changes_made()];
        let calls = calls.into_iter().flatten().map(|(path, _)| path);
        let routed: BTreeSet<_> = calls.chain(hooks::PATHS).map(str::to_owned).collect();
        let contract: Value = serde_json::from_slice(contract::FILE).unwrap();
        let described: BTreeSet<_> =
            contract["paths"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(described, routed);
    }
}
