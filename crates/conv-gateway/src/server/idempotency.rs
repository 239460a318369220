//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a change that is sent again is made
//! once, and answered as the first time.
//!
//! By one process: another one does not know the key, and makes the change again. A change sets a value, so
//! the list stays the same unless another change came between. To share the answers, processes would need a place that takes
//! a key only once and keeps it as long as the change; the signals of a database do neither.

mod kept;

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use conv_api::ErrorClass;
use sha2::{Digest, Sha256};

use self::kept::{Begun, Earlier, Fingerprint, Key};
use super::{
    answer::Passing,
    body,
    caller::Caller,
    change::is_final,
    problem::{Problem, own},
    shared::Shared,
};

pub(super) use self::kept::Kept;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// An answer that can be given again.
#[derive(Clone, Debug)]
pub(super) enum Made {
    Json(axum::body::Bytes),
    Refused(Problem),
}

/// Around each change.
pub(super) async fn once(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    match key(request.headers(), &caller) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            let made = run(&shared, &caller, key, request, next).await;
            made.unwrap_or_else(IntoResponse::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

fn key(headers: &HeaderMap, caller: &Caller) -> Result<Option<Key>, Problem> {
    let mut lines = headers.get_all(NAME).iter();
    let Some(text) = lines.next() else { return Ok(None) };
    match text.to_str() {
        Ok(text) if (1..=255).contains(&text.len()) && lines.next().is_none() => {
            Ok(Some((caller.principal.clone(), text.to_owned())))
        }
        _ => Err(Problem::invalid("expected one Idempotency-Key of 1 to 255 characters")),
    }
}

async fn run(
    shared: &Shared,
    caller: &Caller,
    key: Key,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, sent) = request.into_parts();
    let sent = body::read(sent).await?;
    let fingerprint = fingerprint(caller, parts.uri.path(), &sent);
    let begun = match shared.kept.begin(key, fingerprint, shared.now()) {
        Begun::Now(begun) => begun,
        Begun::Earlier(Earlier::Answered(made)) => return Ok(made.respond()),
        Begun::Earlier(Earlier::Running) => return Err(still_running()),
        Begun::Earlier(Earlier::Other) => return Err(other_body()),
    };
    let response = next.run(Request::from_parts(parts, Body::from(sent))).await;
    let (response, made) = Made::of(response).await;
    if let Some(made) = made {
        begun.keep(made);
    }
    Ok(response)
}

/// Distinguishes two calls with the same key. The path does not name a delegate's account here.
fn fingerprint(caller: &Caller, path: &str, sent: &[u8]) -> Fingerprint {
    let mut digest = Sha256::new();
    for part in [caller.account.as_str(), path] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(sent);
    digest.finalize().into()
}

fn still_running() -> Problem {
    let message = "the first call with this Idempotency-Key is still running";
    Problem::new(StatusCode::CONFLICT, ErrorClass::Transient, own::STILL_RUNNING, message)
}

fn other_body() -> Problem {
    let message = "Idempotency-Key was used for another call";
    Problem::invalid_with(StatusCode::UNPROCESSABLE_ENTITY, message)
}

impl Made {
    /// Keeps an answer, unless the same call may be answered otherwise later.
    async fn of(response: Response) -> (Response, Option<Self>) {
        if let Some(problem) = response.extensions().get::<Problem>() {
            let refused = is_final(problem.class).then(|| Self::Refused(problem.clone()));
            return (response, refused);
        }
        if response.extensions().get::<Passing>().is_some() {
            return (response, None);
        }
        let (parts, answer) = response.into_parts();
        // Made in memory by this process.
        match axum::body::to_bytes(answer, usize::MAX).await {
            Ok(bytes) => {
                let response = Response::from_parts(parts, Body::from(bytes.clone()));
                (response, Some(Self::Json(bytes)))
            }
            Err(_) => (Problem::panicked().into_response(), None),
        }
    }

    fn respond(self) -> Response {
        match self {
            Self::Json(bytes) => ([(CONTENT_TYPE, "application/json")], bytes).into_response(),
            Self::Refused(problem) => problem.into_response(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Json(bytes) => bytes.len(),
            Self::Refused(problem) => problem.message.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::answer::Answer;

    #[tokio::test]
    async fn only_an_answer_that_stays_is_kept() {
        let kept = async |response: Response| Made::of(response).await.1.is_some();
        let problem =
            |class| Problem::new(StatusCode::BAD_REQUEST, class, 1, "refused").into_response();
        assert!(kept(Answer::of(&1).unwrap().into_response()).await);
        assert!(!kept(Answer::of(&1).unwrap().passing(true).into_response()).await);
        assert!(kept(problem(ErrorClass::InvalidArgument)).await);
        assert!(!kept(problem(ErrorClass::RateLimited)).await);
        assert!(!kept(problem(ErrorClass::Transient)).await);
    }
}
