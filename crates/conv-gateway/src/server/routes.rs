//! The paths, and what is around them.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header::AUTHORIZATION},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
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
    change, changes, idempotency, list, login,
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
    let versioned = calls
        .layer(compression())
        .route("/login", post(login::post))
        .route("/login/renew", post(login::renew))
        // A ticket lets in, instead of a token.
        .route("/conversations/stream", get(stream::get))
        .fallback(no_such_call)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]))
        .layer(from_fn_with_state(Arc::clone(shared), observe))
        .with_state(Arc::clone(shared));
    // The fallbacks are below the version, so that an embedder keeps his own.
    Router::new().nest("/v1", versioned)
}

/// The calls on one list, by what they are let in for.
fn calls(
    shared: &Arc<Shared>,
    guarded: impl Fn(Router<Arc<Shared>>, Gate) -> Router<Arc<Shared>>,
) -> Router<Arc<Shared>> {
    let gate = |action| Gate { shared: Arc::clone(shared), action };
    let read = Router::new()
        .route("/conversations", get(list::get))
        .route("/conversations/list", post(list::post))
        .route("/conversations/profile", post(profile::post))
        .route("/conversations/stream", post(stream::post))
        .route("/conversations/changes", post(changes::post))
        .route("/stream-ticket", post(stream::ticket))
        .route("/groups", get(list::groups))
        .route("/totals", get(list::totals));
    let refresh = Router::new().route("/conversations/refresh", post(refresh::post));
    let change =
        change::routes().route_layer(from_fn_with_state(Arc::clone(shared), idempotency::once));
    guarded(read, gate(Action::Read))
        .merge(guarded(refresh, gate(Action::Refresh)))
        .merge(guarded(change, gate(Action::Change)))
}

/// A compressor holds the events of a stream back.
fn compression() -> CompressionLayer<impl Predicate> {
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
