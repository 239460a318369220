//! The changes that are not over: what became of them, and what to do with those that failed.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Extension, extract::State, routing::post};
use conv_api::{Change, Error, ErrorClass, Mutation, MutationFailure, Pending, PendingState};
use conv_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Answer, Answered},
    body::Options,
    caller::Caller,
    position::{self, Position},
    problem::{Problem, own},
    routes::Call,
    shared::Shared,
};

/// The maximum number of changes in one call: as many as an account can have.
const MAX_NUMBERS: usize = 1_000;

pub(super) fn calls() -> Vec<Call> {
    vec![("/changes/retry", post(retry)), ("/changes/drop", post(drop_each))]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    numbers: Vec<u64>,
}

#[derive(Serialize)]
struct Data<'a> {
    changes: Vec<Shown<'a>>,
    position: Option<Position>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    number: u64,
    change: &'a Mutation,
    state: PendingState,
    #[serde(skip_serializing_if = "Option::is_none")]
    queued_at: Option<Timestamp>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// The part of a failure that a caller may see. The words of the cloud may be about the operator's affairs.
#[derive(Serialize)]
struct Failure {
    class: &'static str,
    code: i32,
    message: &'static str,
}

/// `GET /changes`
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let (list, _) = shared.open(&caller).await?;
    // The changes and the position are of one moment: what is not listed at a position has ended.
    let snapshot = list.snapshot();
    let mut pending: Vec<_> = snapshot.outbox().pending().collect();
    pending.sort_unstable_by_key(|pending| pending.number);
    let changes = pending.into_iter().map(|pending| Shown::of(pending)).collect();
    Answer::of(&Data { changes, position: position::stored(&snapshot) })
}

impl<'a> Shown<'a> {
    fn of(pending: &'a Pending) -> Self {
        let is_over = pending.state == PendingState::Failed;
        let expired = || is_over.then_some(Failure::EXPIRED);
        Self {
            number: pending.number,
            change: &pending.mutation,
            state: pending.state,
            queued_at: pending.queued_at,
            attempts: pending.attempts,
            failure: pending.failure.as_ref().map(Failure::of).or_else(expired),
        }
    }
}

impl Failure {
    const EXPIRED: Self = Self {
        class: "transient",
        code: own::UNSENT,
        message: "it could not be sent within seven days",
    };

    fn of(failure: &MutationFailure) -> Self {
        let code = failure.code.unwrap_or(own::UNSENT);
        // That the cloud refuses the app's key is not the caller's affair.
        let (class, code) = match failure.class {
            ErrorClass::Auth => (ErrorClass::Cloud, own::NO_RIGHT),
            class => (class, code),
        };
        let message = match failure.class {
            ErrorClass::Auth => "the cloud refuses the gateway, until its operator mends that",
            ErrorClass::Transient => "the cloud could not be reached",
            ErrorClass::RateLimited => "the cloud takes no more calls now",
            ErrorClass::Unsupported => "the cloud does not offer it",
            ErrorClass::NotFound => "the cloud does not know it",
            ErrorClass::Cancelled => "a message came that the user had not seen",
            _ => "the cloud refused the change",
        };
        Self { class: class.as_str(), code, message }
    }
}

/// The action on each change.
#[derive(Clone, Copy)]
enum Act {
    Retry,
    Drop,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    success_number_list: Vec<u64>,
    failure_number_list: Vec<Failed>,
    position: Option<Position>,
}

#[derive(Serialize)]
struct Failed {
    number: u64,
    code: i32,
    message: String,
}

/// `POST /changes/retry`: sends changes that failed again; the list shows them again.
async fn retry(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(chosen): Options<Chosen>,
) -> Answered {
    Act::Retry.each(&shared, &caller, chosen).await
}

/// `POST /changes/drop`: gives up changes that failed, were not sent, or wait for the cloud's list.
async fn drop_each(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(chosen): Options<Chosen>,
) -> Answered {
    Act::Drop.each(&shared, &caller, chosen).await
}

impl Act {
    async fn each(self, shared: &Shared, caller: &Caller, chosen: Chosen) -> Answered {
        let numbers = chosen.numbers()?;
        let (list, _) = shared.open(caller).await?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for number in numbers {
            let acted = match list.change(number) {
                Some(change) => self.on(&change).await,
                None => Err(Error::TooLate),
            };
            match acted {
                Ok(()) => done.push(number),
                Err(Error::TooLate) => {
                    let message = self.too_late().to_owned();
                    failed.push(Failed { number, code: own::TOO_LATE, message });
                }
                // It would refuse the others, too, and nothing has happened yet.
                Err(error) if done.is_empty() => return Err(error.into()),
                Err(error) => {
                    let Problem { code, message, .. } = error.into();
                    failed.push(Failed { number, code, message: message.into_owned() });
                }
            }
        }
        let is_passing = !failed.is_empty();
        let position = position::stored(&list.snapshot());
        let data = Done { success_number_list: done, failure_number_list: failed, position };
        Ok(Answer::of(&data)?.passing(is_passing))
    }

    async fn on(self, change: &Change) -> Result<(), Error> {
        let state = change.pending().map(|pending| pending.state);
        match (self, state) {
            (Self::Retry, _) => change.retry().await,
            (Self::Drop, Some(PendingState::Failed | PendingState::Settling)) => {
                change.drop().await
            }
            (Self::Drop, _) => change.cancel().await,
        }
    }

    fn too_late(self) -> &'static str {
        match self {
            Self::Retry => "no change of this number has failed",
            Self::Drop => "no such change, or the cloud may have it already",
        }
    }
}

impl Chosen {
    /// Returns the numbers, each once.
    fn numbers(self) -> Result<BTreeSet<u64>, Problem> {
        match self.numbers.len() {
            1..=MAX_NUMBERS => Ok(self.numbers.into_iter().collect()),
            _ => Err(Problem::invalid(format!("expected 1 to {MAX_NUMBERS} numbers of changes"))),
        }
    }
}
