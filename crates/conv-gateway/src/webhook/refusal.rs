//! The reasons to refuse a call.

use thiserror::Error;

/// The reason a call was refused. It holds nothing of the call, so it can be logged and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The query has more than [`MAX_QUERY`](super::MAX_QUERY) bytes.
    #[error("the query is longer than 4 KiB")]
    QueryTooLong,
    /// The query has a broken escape, or bytes that are no text where text is needed.
    #[error("the query is malformed")]
    Malformed,
    /// The query has the same name twice, in any case.
    #[error("the query has the same name twice")]
    DoubledName,
    /// The query has no `SdkAppid`.
    #[error("the query has no SdkAppid")]
    NoApp,
    /// `SdkAppid` is not a number, or not an app of this verifier.
    #[error("the call is of another app")]
    WrongApp,
    /// The query has no `Sign`: authentication is off in the console.
    #[error("the query has no Sign")]
    NoSign,
    /// The query has no `RequestTime`.
    #[error("the query has no RequestTime")]
    NoTime,
    /// `RequestTime` is not 1–12 ASCII digits.
    #[error("RequestTime is not 1 to 12 digits")]
    BadTime,
    /// `Sign` is not the hash of a token and `RequestTime`.
    #[error("Sign is wrong")]
    BadSign,
    /// The signature is right, and older than the window: a replay, or a clock that is ahead.
    #[error("RequestTime is too old")]
    Stale,
    /// The signature is right, and of a later time than the window: a clock that is behind.
    #[error("RequestTime is in the future")]
    Future,
}

impl Refusal {
    /// Every reason, in order: for counters that begin at zero.
    pub const ALL: [Self; 11] = [
        Self::QueryTooLong,
        Self::Malformed,
        Self::DoubledName,
        Self::NoApp,
        Self::WrongApp,
        Self::NoSign,
        Self::NoTime,
        Self::BadTime,
        Self::BadSign,
        Self::Stale,
        Self::Future,
    ];

    /// Its name in lower case with underscores: a label for a counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryTooLong => "query_too_long",
            Self::Malformed => "malformed",
            Self::DoubledName => "doubled_name",
            Self::NoApp => "no_app",
            Self::WrongApp => "wrong_app",
            Self::NoSign => "no_sign",
            Self::NoTime => "no_time",
            Self::BadTime => "bad_time",
            Self::BadSign => "bad_sign",
            Self::Stale => "stale",
            Self::Future => "future",
        }
    }

    /// The HTTP status to answer with: 401 if the proof is missing or wrong, else 403.
    pub const fn status(self) -> u16 {
        match self {
            Self::NoSign
            | Self::NoTime
            | Self::BadTime
            | Self::BadSign
            | Self::Stale
            | Self::Future => 401,
            _ => 403,
        }
    }
}
