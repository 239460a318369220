//! The router of a private port, for the operator: probes and numbers.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use super::{shared::Shared, stats};
use crate::Drain;

/// The time in which the database has to answer; load balancers wait little longer.
const REACHED_WITHIN: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Watched {
    shared: Arc<Shared>,
    drain: Drain,
}

pub(super) fn router(shared: &Arc<Shared>, drain: &Drain) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/stats", get(numbers))
        .layer(map_response(uncached))
        .with_state(Watched { shared: Arc::clone(shared), drain: drain.clone() })
}

/// Answered by a task of its own, so the runtime still starts tasks.
async fn livez() -> (StatusCode, &'static str) {
    match tokio::spawn(async {}).await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "no tasks"),
    }
}

/// Does not ask the cloud: without it, lists are still served.
async fn readyz(State(watched): State<Watched>) -> (StatusCode, &'static str) {
    let refused = |why| (StatusCode::SERVICE_UNAVAILABLE, why);
    if watched.drain.is_draining() {
        return refused("draining");
    }
    match tokio::time::timeout(REACHED_WITHIN, watched.shared.accounts.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ok"),
        Ok(Err(error)) => {
            tracing::warn!(class = error.class().as_str(), code = error.code(), "not ready");
            refused("database is out of reach")
        }
        Err(_) => {
            tracing::warn!("not ready: database does not answer");
            refused("database does not answer")
        }
    }
}

async fn metrics(State(watched): State<Watched>) -> Response {
    let Shared { accounts, stats, .. } = &*watched.shared;
    let text = stats.render(&accounts.stats());
    ([(CONTENT_TYPE, HeaderValue::from_static(stats::CONTENT_TYPE))], text).into_response()
}

async fn numbers(State(watched): State<Watched>) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Numbers {
        accounts: conv_api::Stats,
        lines_open: u64,
        is_draining: bool,
    }

    let Shared { accounts, stats, .. } = &*watched.shared;
    let (lines_open, is_draining) = (stats.lines_open(), watched.drain.is_draining());
    axum::Json(Numbers { accounts: accounts.stats(), lines_open, is_draining }).into_response()
}

async fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
