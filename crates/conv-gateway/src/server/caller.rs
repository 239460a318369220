//! The account that calls, and the account whose list it is.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use conv_api::{AccountId, AccountTag};
use tracing::Span;

use super::{authorizer::Action, problem::Problem, shared::Shared};
use crate::Session;

/// The caller of a call that was let in. No header, body or query changes it.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The account that logged in.
    pub(super) principal: AccountId,
    /// The account whose list it is: the same, unless a delegate calls.
    pub(super) account: AccountId,
    /// The login that the access token belongs to.
    pub(super) session: Session,
}

/// The action that a group of calls needs permission for.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) action: Action,
}

/// Lets a user in to his own list.
pub(super) async fn own(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let caller = session(&gate.shared, request.headers()).await.map(|session| {
        let principal = session.account.clone();
        Caller { account: principal.clone(), principal, session }
    });
    admit(&gate, caller, request, next).await
}

/// Lets a delegate in to another's list.
pub(super) async fn delegate(
    State(gate): State<Gate>,
    Path(account): Path<String>,
    request: Request,
    next: Next,
) -> Response {
    let caller = delegated(&gate, &account, request.headers()).await;
    admit(&gate, caller, request, next).await
}

async fn delegated(gate: &Gate, account: &str, headers: &HeaderMap) -> Result<Caller, Problem> {
    let session = session(&gate.shared, headers).await?;
    let principal = session.account.clone();
    let refused = || Problem::forbidden("not allowed for this account");
    let account: AccountId = account.parse().map_err(|_| refused())?;
    let authorizer = gate.shared.authorizer.as_ref().ok_or_else(refused)?;
    if authorizer.allows(&principal, &account, gate.action).await {
        Ok(Caller { principal, account, session })
    } else {
        Err(refused())
    }
}

async fn admit(
    gate: &Gate,
    caller: Result<Caller, Problem>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    Span::current().record("account", tracing::field::display(AccountTag::of(&caller.account)));
    let requests = &gate.shared.requests;
    let (left, mut response) = match requests.take(&caller.principal) {
        Ok(left) => {
            request.extensions_mut().insert(caller);
            (left, next.run(request).await)
        }
        Err(pause) => (0, Problem::too_many(pause).into_response()),
    };
    requests.tell(left, response.headers_mut());
    response
}

/// The login of the access token.
pub(super) async fn session(shared: &Shared, headers: &HeaderMap) -> Result<Session, Problem> {
    let token = bearer(headers).ok_or_else(Problem::not_logged_in)?;
    shared.session(token).await
}

/// The token of the one `Authorization: Bearer …`; of two, neither.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (line, None) = (lines.next()?.to_str().ok()?, lines.next()) else { return None };
    let (scheme, token) = line.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}
