//! `POST /hooks/tencent`: the cloud's webhooks.
//!
//! A call is answered before anything is read or written: it is verified by its query, its body parsed,
//! and the accounts that it concerns are marked, which takes a look-up for each. The cloud is asked
//! later, by the schedule of watched accounts, and only for these.

mod body;
mod marking;
mod options;
mod stats;

use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderValue, Method, StatusCode, header::ALLOW, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use conv_api::Accounts;
use tower_http::catch_panic::CatchPanicLayer;

use self::stats::Counts;
use super::{shared::WallClock, stats::GatewayStats};
use crate::webhook::{ANSWER, Call, Event, REFUSED, Seen};

pub use self::{
    options::Webhooks,
    stats::{HookCount, HookOutcome, HookStats},
};

/// The endpoint's state.
pub(super) struct Hooks {
    accounts: Accounts,
    options: Webhooks,
    clock: WallClock,
    stats: GatewayStats,
    /// Short sections, without a call of anything else.
    state: Mutex<HookState>,
}

#[derive(Debug, Default)]
struct HookState {
    seen: Seen,
    counts: Counts,
}

/// The reason of a refusal, for its count, and the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused(&'static str, StatusCode);

impl Hooks {
    pub(super) fn new(
        accounts: Accounts,
        options: Webhooks,
        clock: WallClock,
        stats: GatewayStats,
    ) -> Self {
        for weak in options.verifier.weak_tokens() {
            tracing::warn!(app = weak.app, length = weak.length, "a webhook token can be guessed");
        }
        Self { accounts, options, clock, stats, state: Mutex::default() }
    }

    pub(super) fn stats(&self) -> HookStats {
        self.lock().counts.read()
    }

    /// Verifies a call by its head.
    fn admit(&self, secret: Option<&str>, request: &Request) -> Result<Call, Refused> {
        if *request.method() != Method::POST {
            return Err(Refused("method", StatusCode::METHOD_NOT_ALLOWED));
        }
        if !self.options.is_secret(secret) {
            return Err(Refused("path", StatusCode::FORBIDDEN));
        }
        let query = request.uri().query().unwrap_or_default();
        self.options.verifier.verify(query, (self.clock)()).map_err(|refusal| {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
            Refused(refusal.as_str(), status)
        })
    }

    /// Marks the lists that an event concerns. Never waits.
    fn take_in(&self, event: &Event) -> HookOutcome {
        let marks = event.marks(self.options.verifier.admin(event.app));
        if marks.marks.is_empty() {
            return HookOutcome::of_kind(&event.kind);
        }
        if !self.lock().seen.is_new(event.key, (self.clock)()) {
            return HookOutcome::Double;
        }
        if !marks.is_own_echo {
            // No pass follows an echo.
            let (trust, now) = (self.options.trust, (self.clock)());
            marking::suggest(&self.accounts, &marks.provisional, trust, now);
        }
        let is_marked = marking::apply(&self.accounts, marks.marks, marks.is_own_echo);
        match () {
            () if marks.is_own_echo => HookOutcome::Echo,
            () if is_marked => HookOutcome::Marked,
            () => HookOutcome::Unwatched,
        }
    }

    fn refuse(&self, Refused(reason, status): Refused) -> Response {
        self.lock().counts.refused(reason);
        // A call that is not verified could name any command.
        self.stats.webhook("refused", reason);
        let mut response = json(status, REFUSED);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }

    fn lock(&self) -> MutexGuard<'_, HookState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The paths of the endpoint, without and with a secret. Both exist in any case, so that
/// an answer does not say which. `openapi.json` has them.
pub(super) const PATHS: [&str; 2] = ["/hooks/tencent", "/hooks/tencent/{secret}"];

pub(super) fn routes<S>(hooks: Arc<Hooks>) -> Router<S> {
    let [bare, secret] = PATHS;
    Router::new()
        .route(bare, any(without_secret))
        .route(secret, any(with_secret))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(hooks)
}

async fn without_secret(State(hooks): State<Arc<Hooks>>, request: Request) -> Response {
    receive(&hooks, None, request).await
}

async fn with_secret(
    State(hooks): State<Arc<Hooks>>,
    secret: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let secret = secret.map(|Path(secret)| secret).unwrap_or_default();
    receive(&hooks, Some(&secret), request).await
}

async fn receive(hooks: &Hooks, secret: Option<&str>, request: Request) -> Response {
    let call = match hooks.admit(secret, &request) {
        Ok(call) => call,
        Err(refused) => return hooks.refuse(refused),
    };
    let read = body::read(request.into_body()).await;
    let event = Event::parse(&call, read.as_deref().unwrap_or_default());
    let outcome = match &read {
        Ok(_) => hooks.take_in(&event),
        Err(_) => HookOutcome::Unreadable,
    };
    let unreadable = read.as_ref().err().map(|why| why.as_str());
    hooks.lock().counts.event(&event, outcome, unreadable, (hooks.clock)());
    hooks.stats.webhook(event.command.as_str(), outcome.as_str());
    json(StatusCode::OK, ANSWER)
}

/// Any other answer to an event before a message would stop the message.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a webhook panicked");
    json(StatusCode::OK, ANSWER)
}

fn json(status: StatusCode, body: &'static str) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(CONTENT_TYPE, json)], body).into_response()
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").field("options", &self.options).finish_non_exhaustive()
    }
}
