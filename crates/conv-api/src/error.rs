//! The one error of the facade.

use conv_model::{
    AccountIdError, ConversationId, ErrorClass, GroupNameError, MutationError, MutationFailure,
    ParseIdError, PassFailure, QueryError,
};
use conv_store::StoreError;
use conv_sync::SourceError;
use thiserror::Error;

use crate::PatchError;

/// The reason a call failed, with its class and its numbers.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The string is not a valid conversation ID.
    #[error(transparent)]
    Id(#[from] ParseIdError),
    /// The string is not a valid account ID.
    #[error(transparent)]
    Account(#[from] AccountIdError),
    /// The query cannot be made: an empty list of IDs, or a condition nested too deep.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The rows are not those that a live list gave.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The user or group does not exist, was dissolved, or is not visible.
    #[error("no such user or group: {0}")]
    NotFound(ConversationId),
    /// The text is not a conversation group's name.
    #[error(transparent)]
    GroupName(#[from] GroupNameError),
    /// The change cannot be made, by the list as it is shown. Nothing was queued.
    #[error(transparent)]
    Refused(MutationError),
    /// The app's plan does not include marks and conversation groups, as the cloud said lately.
    #[error("the app's plan does not include marks and conversation groups")]
    NotInPlan,
    /// The change can no longer be cancelled, or it has not failed and cannot be retried.
    #[error("the change was already sent, or has ended")]
    TooLate,
    /// No change can be sent: the app's account in the cloud is at fault, its key or its rights, or the
    /// change was made for another app. It waits until that is mended.
    #[error("changes are held: {}", .0.message)]
    Held(MutationFailure),
    /// The account has changes that were not sent.
    #[error("{0} change{s} not sent", s = if *.0 == 1 { " was" } else { "s were" })]
    Unsent(usize),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The cloud failed or refused.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The list was not complete in time. The pass goes on.
    #[error("list was not complete in time")]
    TimedOut,
    /// The handle was built without a source.
    #[error("expected a source to pull from, none was given to the builder")]
    NoSource,
    /// The pass stopped before its end: the handle was closed, or the runtime of its task ended.
    #[error("pass was stopped")]
    Stopped,
    /// The source panicked, and the pass or the call ended with it.
    #[error("source panicked")]
    Panicked,
}

/// Numbers of our own, where neither the SDK nor the cloud has one: from 990001 up to 990099.
/// [`SourceError::number`] has 990005 to 990008 as well.
mod own {
    pub(super) const STORE: i32 = 990_001;
    pub(super) const STORE_CORRUPT: i32 = 990_002;
    pub(super) const NOT_COMPLETE_IN_TIME: i32 = 990_003;
    pub(super) const NO_SOURCE: i32 = 990_004;
    pub(super) const CANCELLED: i32 = 990_005;
    pub(super) const INVALID_ARGUMENT: i32 = 990_007;
    pub(super) const PANICKED: i32 = 990_009;
    pub(super) const TOO_LATE: i32 = 990_012;
    pub(super) const UNSENT: i32 = 990_013;
}

/// The web SDK's numbers (`@tencentcloud/chat` 3.6.6).
mod sdk {
    pub(super) const USER_OR_GROUP_NOT_FOUND: i32 = 2501;
    pub(super) const INVALID_CONVERSATION_ID: i32 = 2503;
    pub(super) const NOT_IN_PLAN: i32 = 3122;
    pub(super) const OPTIONS_EMPTY: i32 = 3153;
}

/// The cloud's numbers.
mod cloud {
    pub(super) const GROUP_NAME_TOO_LONG: i32 = 51_011;
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(error) => Self::Refused(error),
            error => Self::Store(error),
        }
    }
}

impl Error {
    /// Returns the kind of error, which decides what a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Id(_) | Self::Account(_) | Self::Query(_) | Self::Patch(_) => {
                ErrorClass::InvalidArgument
            }
            Self::GroupName(_) => ErrorClass::InvalidArgument,
            Self::Refused(error) => error.class(),
            Self::NotInPlan => ErrorClass::Unsupported,
            Self::TooLate => ErrorClass::Cancelled,
            Self::Held(failure) => failure.class,
            Self::Unsent(_) => ErrorClass::Transient,
            Self::NotFound(_) => ErrorClass::NotFound,
            Self::Store(error) => error.class(),
            Self::Source(error) => error.class(),
            Self::TimedOut => ErrorClass::Transient,
            Self::NoSource => ErrorClass::Unsupported,
            Self::Stopped => ErrorClass::Cancelled,
            Self::Panicked => ErrorClass::Cloud,
        }
    }

    /// Returns a number for programs: the web SDK's where it has one, else the cloud's, else one of ours
    /// from 990001 to 990099. Never 0.
    pub fn code(&self) -> i32 {
        match self {
            Self::Id(_) => sdk::INVALID_CONVERSATION_ID,
            Self::Account(_) | Self::Patch(_) => own::INVALID_ARGUMENT,
            Self::Query(_) => sdk::OPTIONS_EMPTY,
            Self::GroupName(GroupNameError::TooLong) => cloud::GROUP_NAME_TOO_LONG,
            Self::GroupName(_) => own::INVALID_ARGUMENT,
            Self::Refused(error) => error.code().unwrap_or(own::INVALID_ARGUMENT),
            Self::NotInPlan => sdk::NOT_IN_PLAN,
            Self::TooLate => own::TOO_LATE,
            Self::Held(failure) => failure.code.unwrap_or(own::UNSENT),
            Self::Unsent(_) => own::UNSENT,
            Self::NotFound(_) => sdk::USER_OR_GROUP_NOT_FOUND,
            Self::Store(error) => store_code(error),
            Self::Source(error) => error.number(),
            Self::TimedOut => own::NOT_COMPLETE_IN_TIME,
            Self::NoSource => own::NO_SOURCE,
            Self::Stopped => own::CANCELLED,
            Self::Panicked => own::PANICKED,
        }
    }

    /// Returns true if the same call may succeed later without any action. Else its cause has to be
    /// fixed, or the call can never succeed.
    ///
    /// [`class`](Self::class) says what kind of error it is, and nothing about what happens next:
    /// a proxy in trouble answers with HTML or with 404, and the cloud with codes that are new. So
    /// all of these may succeed later, and so may a store that another process has open and a full disk; a refused
    /// UserSig, a wrong argument, an unsupported call, damaged data and a closed handle do not. Passes
    /// that may succeed later begin again by themselves.
    ///
    /// ```
    /// use conv_api::{Error, ErrorClass, SourceError};
    ///
    /// let html = Error::Source(SourceError::Protocol { what: "HTML".into() });
    /// assert_eq!((html.class(), html.may_succeed_later()), (ErrorClass::Cloud, true));
    /// assert!(!Error::NoSource.may_succeed_later());
    /// ```
    pub fn may_succeed_later(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unsent(_) => true,
            Self::Source(error) => may_succeed_later(error),
            Self::Store(error) => store_may_succeed_later(error),
            _ => false,
        }
    }

    /// Returns the cloud's own number, if the cloud gave one.
    pub fn cloud_code(&self) -> Option<i32> {
        match self {
            Self::Source(error) => error.code(),
            Self::Held(failure) => failure.code,
            _ => None,
        }
    }

    /// The error as a report shows it.
    pub(crate) fn to_failure(&self) -> PassFailure {
        let mut failure = PassFailure::new(self.class(), self.to_string());
        failure.code = self.code();
        failure
    }
}

/// Returns true if the same call of a source may succeed later.
pub(crate) fn may_succeed_later(error: &SourceError) -> bool {
    let class = error.class();
    // A signer may ask a service, which can be as much out of reach as the cloud.
    class.is_retryable() || class == ErrorClass::Cloud || matches!(error, SourceError::Signer(_))
}

fn store_may_succeed_later(error: &StoreError) -> bool {
    match error {
        StoreError::Remote { class, .. } => {
            class.is_retryable() || matches!(class, ErrorClass::Cloud | ErrorClass::Store)
        }
        // Another process pulls, and the list follows it.
        StoreError::Superseded(_) => true,
        error => error.class() == ErrorClass::Store,
    }
}

fn store_code(error: &StoreError) -> i32 {
    match error.class() {
        ErrorClass::Cancelled => own::CANCELLED,
        ErrorClass::Corrupt => own::STORE_CORRUPT,
        ErrorClass::InvalidArgument => own::INVALID_ARGUMENT,
        _ => own::STORE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_number_comes_first_then_the_clouds_then_ours() {
        let not_found = Error::NotFound(ConversationId::system());
        assert_eq!((not_found.code(), not_found.cloud_code()), (2501, None));
        let refused = Error::Source(SourceError::Cloud {
            code: 50004,
            class: ErrorClass::Transient,
            retry: conv_sync::Retry::BackOff,
            message: "internal".into(),
            retry_after: None,
        });
        assert_eq!((refused.code(), refused.cloud_code()), (50004, Some(50004)));
        assert_eq!(Error::Store(StoreError::Closed).code(), own::CANCELLED);
    }

    #[test]
    fn an_error_has_the_same_number_here_and_in_a_source() {
        let account = "".parse::<conv_model::AccountId>().unwrap_err();
        let pairs = [
            (Error::Stopped, SourceError::Cancelled),
            (Error::Account(account), SourceError::InvalidArgument { what: "?".into() }),
            (Error::NotFound(ConversationId::system()), SourceError::NotFound),
        ];
        for (error, source) in pairs {
            assert_eq!(error.code(), source.number(), "{error}");
        }
    }
}
