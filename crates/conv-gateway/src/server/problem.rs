//! Refusals, as RFC 9457 has them, with the SDK's numbers.

mod of_error;
mod render;

use std::{borrow::Cow, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use conv_api::ErrorClass;

pub(super) use self::render::render;
use crate::TokenError;

/// Numbers of our own, as in conv-api.
pub(super) mod own {
    pub(in crate::server) const INVALID_ARGUMENT: i32 = 990_007;
    pub(in crate::server) const NO_RIGHT: i32 = 990_008;
    pub(in crate::server) const PANICKED: i32 = 990_009;
    pub(in crate::server) const TOO_LATE: i32 = 990_012;
    pub(in crate::server) const UNSENT: i32 = 990_013;
    pub(in crate::server) const STILL_RUNNING: i32 = 990_014;
}

/// The web SDK's numbers (`@tencentcloud/chat` 3.6.6).
pub(super) mod sdk {
    pub(in crate::server) const NOT_LOGGED_IN: i32 = 2024;
    pub(in crate::server) const NO_SUCH_CONVERSATION: i32 = 2500;
    pub(in crate::server) const NO_SUCH_USER: i32 = 2501;
    pub(in crate::server) const TIMED_OUT: i32 = 2801;
    pub(in crate::server) const NOT_ALLOWED: i32 = 2905;
    pub(in crate::server) const TOO_MANY: i32 = 2996;
    pub(in crate::server) const NO_SUCH_CALL: i32 = 2997;
    pub(in crate::server) const NOT_READY: i32 = 2999;
    pub(in crate::server) const NO_IDS: i32 = 3153;
}

/// A refusal. As a response it is yet without its body: [`render`] writes that, with the number of the
/// request in it.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) class: ErrorClass,
    pub(super) code: i32,
    pub(super) message: Cow<'static, str>,
    pub(super) retry_after: Option<Duration>,
    /// The text of a 401 about the token.
    pub(super) challenge: &'static str,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        class: ErrorClass,
        code: i32,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let challenge = "Bearer error=\"invalid_token\"";
        Self { status, class, code, message: message.into(), retry_after: None, challenge }
    }

    /// The request is wrong.
    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid_with(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn invalid_with(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, ErrorClass::InvalidArgument, own::INVALID_ARGUMENT, message)
    }

    /// A list of conversation IDs is empty.
    pub(super) fn no_ids() -> Self {
        let (status, class) = (StatusCode::BAD_REQUEST, ErrorClass::InvalidArgument);
        Self::new(status, class, sdk::NO_IDS, "expected at least one conversation ID")
    }

    /// No pass over the list has finished yet.
    pub(super) fn not_read_yet() -> Self {
        let (status, class) = (StatusCode::SERVICE_UNAVAILABLE, ErrorClass::Transient);
        let message = "the list is being read for the first time; call again";
        let problem = Self::new(status, class, sdk::NOT_READY, message);
        Self { retry_after: Some(Duration::from_secs(1)), ..problem }
    }

    /// The list has no such conversation.
    pub(super) fn not_listed() -> Self {
        let code = sdk::NO_SUCH_CONVERSATION;
        Self::new(
            StatusCode::NOT_FOUND,
            ErrorClass::NotFound,
            code,
            "no such conversation in the list",
        )
    }

    /// The cloud has no such user or group.
    pub(super) fn unknown() -> Self {
        let code = sdk::NO_SUCH_USER;
        Self::new(StatusCode::NOT_FOUND, ErrorClass::NotFound, code, "no such user or group")
    }

    pub(super) fn too_many(retry_after: Duration) -> Self {
        let (status, class) = (StatusCode::TOO_MANY_REQUESTS, ErrorClass::RateLimited);
        let problem =
            Self::new(status, class, sdk::TOO_MANY, "too many calls; wait, then call again");
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// No token came along.
    pub(super) fn not_logged_in() -> Self {
        let code = sdk::NOT_LOGGED_IN;
        let problem = Self::new(StatusCode::UNAUTHORIZED, ErrorClass::Auth, code, "not logged in");
        Self { challenge: "Bearer", ..problem }
    }

    pub(super) fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorClass::Auth, sdk::NOT_ALLOWED, message)
    }

    pub(super) fn panicked() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, ErrorClass::Cancelled, own::PANICKED, "the gateway failed at this call")
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let status = match error {
            TokenError::Administrator => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        Self::new(status, error.class(), error.code(), words(error))
    }
}

/// Names a reason only to callers that have shown a genuine signature.
fn words(error: TokenError) -> String {
    use conv_sync::UserSigError::{Expired, OtherApp, OtherIdentifier, UserBuf};

    match error {
        TokenError::UserSig(Expired(_) | OtherApp | OtherIdentifier | UserBuf) => error.to_string(),
        TokenError::UserSig(_) => "UserSig is refused".to_owned(),
        error => error.to_string(),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
