//! The part of a list's error that a caller may know.

use std::{borrow::Cow, time::Duration};

use axum::http::StatusCode;
use conv_api::{Error, ErrorClass, MutationError, SourceError};

use super::{Problem, own};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        log(&error);
        let class = class(&error);
        let code = match error.class() {
            ErrorClass::Auth => own::NO_RIGHT,
            _ => error.code(),
        };
        let mut problem = Self::new(status(&error, class), class, code, words(&error, class));
        let helps = class.is_retryable() && !is_full(&error);
        problem.retry_after = helps.then(|| pause(&error));
        problem
    }
}

/// An account has as many changes as it may. Time alone gives no room while the cloud refuses them.
fn is_full(error: &Error) -> bool {
    matches!(error, Error::Refused(MutationError::OutboxFull { .. }))
}

/// The caller learns little of these; the operator finds the number here.
fn log(error: &Error) {
    let (class, code) = (error.class(), error.code());
    if !matches!(class, ErrorClass::InvalidArgument | ErrorClass::NotFound) {
        tracing::warn!(class = class.as_str(), code, "call failed");
    }
}

/// That the cloud refuses the *app's* key is not the caller's affair: with 401 he would log in again.
fn class(error: &Error) -> ErrorClass {
    match error.class() {
        ErrorClass::Auth => ErrorClass::Cloud,
        class => class,
    }
}

fn status(error: &Error, class: ErrorClass) -> StatusCode {
    match class {
        ErrorClass::InvalidArgument => StatusCode::BAD_REQUEST,
        ErrorClass::NotFound => StatusCode::NOT_FOUND,
        ErrorClass::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorClass::Transient | ErrorClass::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        ErrorClass::Unsupported if matches!(error, Error::NotInPlan) => StatusCode::FORBIDDEN,
        ErrorClass::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorClass::Cloud => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The words of errors that are about the caller's own request; of all others none, since they may be
/// the cloud's or name files.
fn words(error: &Error, class: ErrorClass) -> Cow<'static, str> {
    let general = match (error, class) {
        (Error::Refused(MutationError::OutboxFull { .. }), _) => {
            return format!("{error}; GET /changes has them, POST /changes/drop makes room").into();
        }
        (
            Error::Id(_)
            | Error::Account(_)
            | Error::Query(_)
            | Error::GroupName(_)
            | Error::Refused(_)
            | Error::NotInPlan
            | Error::NotFound(_),
            _,
        ) => return error.to_string().into(),
        (_, ErrorClass::RateLimited) => "the cloud takes no more calls now",
        (_, ErrorClass::Transient) => "the cloud cannot be reached",
        (_, ErrorClass::Unsupported) => "the cloud does not offer it",
        (_, ErrorClass::InvalidArgument | ErrorClass::Cloud) => "the cloud refused the call",
        (_, ErrorClass::Cancelled) => "the list was closed",
        _ => "the list could not be read or written",
    };
    general.into()
}

fn pause(error: &Error) -> Duration {
    let asked = match error {
        Error::Source(
            SourceError::Cloud { retry_after, .. } | SourceError::Http { retry_after, .. },
        ) => *retry_after,
        _ => None,
    };
    asked.unwrap_or(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_outbox_names_what_makes_room_and_no_time_to_wait() {
        let full = Error::Refused(MutationError::OutboxFull { pending: 1_000, bytes: 9 });
        let problem = Problem::from(full);
        assert_eq!((problem.status.as_u16(), problem.retry_after), (429, None));
        assert!(problem.message.contains("POST /changes/drop"), "{}", problem.message);
        let limited = Problem::from(Error::Source(SourceError::TimedOut));
        assert_eq!(limited.retry_after, Some(Duration::from_secs(5)));
    }
}
