//! The errors between a pull and its cloud.

use serde::{Deserialize, Serialize};
use std::{error::Error, fmt, sync::Arc, time::Duration};

use conv_model::{ErrorClass, PassFailure};

/// The error of a call to a source. No variant holds a secret: no key, UserSig or URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SourceError {
    /// The network failed: a broken connection, or none where the source cannot tell.
    ///
    /// ```
    /// use std::{error::Error, io, sync::Arc};
    ///
    /// use conv_sync::SourceError;
    ///
    /// fn kind(error: &SourceError) -> Option<io::ErrorKind> {
    ///     Some(error.source()?.downcast_ref::<io::Error>()?.kind())
    /// }
    ///
    /// let cause = Some(Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused)) as _);
    /// let error = SourceError::Network { what: "connecting".into(), cause };
    /// assert_eq!(kind(&error), Some(io::ErrorKind::ConnectionRefused));
    /// ```
    Network {
        /// A description of the failure.
        what: String,
        /// The error underneath, if there is one: `std::io::Error` where `RestSource` met one.
        /// Left out when the error is serialised.
        #[serde(skip)]
        cause: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// There was no connection, so that certainly nothing of the request was sent: a refused connection,
    /// a name that cannot be resolved, a rate limiter that cannot be asked. A change of a list is then
    /// not in doubt, as it is after [`Network`](Self::Network).
    NotConnected {
        /// A description of the failure.
        what: String,
        /// The error underneath, as in [`Network`](Self::Network).
        #[serde(skip)]
        cause: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// A proxy or gateway answered in the cloud's place: the cloud itself answers every call with
    /// status 200.
    Http {
        /// The HTTP status.
        status: u16,
        /// The pause that the answer asked for.
        retry_after: Option<Duration>,
    },
    /// The cloud did not answer in time.
    TimedOut,
    /// The cloud answered with an error code of its own.
    Cloud {
        /// The cloud's number.
        code: i32,
        /// The class of the error.
        class: ErrorClass,
        /// The kind of retry that may help.
        retry: Retry,
        /// The cloud's message, shortened, without control characters.
        message: String,
        /// The pause that the cloud asked for.
        retry_after: Option<Duration>,
    },
    /// The answer violates the protocol: HTML, truncated JSON, a wrong shape, too large.
    Protocol {
        /// A description of the violation.
        what: String,
    },
    /// The cursor is no longer valid: the listing has to begin again.
    CursorExpired,
    /// The user or group does not exist, was dissolved, or is not visible.
    NotFound,
    /// The source does not offer what was requested.
    Unsupported {
        /// The missing ability.
        what: String,
    },
    /// The request is invalid and can never be answered.
    InvalidArgument {
        /// A description of the fault.
        what: String,
    },
    /// The pass was cancelled.
    Cancelled,
    /// The embedder's own signer failed.
    Signer(#[serde(with = "signer")] Arc<dyn Error + Send + Sync>),
}

/// Serialises an embedder's error as its text alone.
mod signer {
    use std::{error::Error, sync::Arc};

    use serde::{Deserialize, Deserializer, Serializer};

    type Cause = Arc<dyn Error + Send + Sync>;

    pub(super) fn serialize<S: Serializer>(cause: &Cause, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(cause)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Cause, D::Error> {
        let words = String::deserialize(input)?;
        Ok(Arc::from(Box::<dyn Error + Send + Sync>::from(words)))
    }
}

/// The web SDK's numbers (`@tencentcloud/chat` 3.6.6).
mod sdk {
    pub(super) const USER_OR_GROUP_NOT_FOUND: i32 = 2501;
    pub(super) const NETWORK_ERROR: i32 = 2800;
    pub(super) const NETWORK_TIMEOUT: i32 = 2801;
    pub(super) const UNSUPPORTED: i32 = 3122;
}

/// Our own numbers, where neither the SDK nor the cloud has one. `conv-api` has the others, up to
/// 990099.
mod own {
    pub(super) const CANCELLED: i32 = 990_005;
    pub(super) const PROTOCOL: i32 = 990_006;
    pub(super) const INVALID_ARGUMENT: i32 = 990_007;
    pub(super) const SIGNER: i32 = 990_008;
}

/// The kind of retry that may help after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Retry {
    /// No retry: the call would fail again.
    Never,
    /// At most one retry.
    Once,
    /// Retries with exponential back-off.
    BackOff,
    /// One retry at once, with a new UserSig. A source returns this only if it may help: the
    /// UserSig worked before and has expired, or a wrong clock made it. Any number of calls may get
    /// it, even several with the same UserSig. If the cloud refuses a fresh UserSig, it is
    /// [`Never`](Self::Never).
    Reauthenticate,
}

impl SourceError {
    /// Returns a [`Network`](Self::Network) error without a cause.
    pub fn network(what: impl Into<String>) -> Self {
        Self::Network { what: what.into(), cause: None }
    }

    /// Returns true if certainly nothing of the request was sent.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::NotConnected { .. })
    }

    /// Returns the class of the error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Network { .. } | Self::NotConnected { .. } | Self::TimedOut => {
                ErrorClass::Transient
            }
            Self::Http { status, .. } => match status {
                429 => ErrorClass::RateLimited,
                401 | 403 | 407 => ErrorClass::Auth,
                // No verdict of the cloud, which answers with 200 whatever it decides.
                _ => ErrorClass::Transient,
            },
            Self::Cloud { class, .. } => *class,
            Self::Protocol { .. } | Self::CursorExpired => ErrorClass::Cloud,
            Self::NotFound => ErrorClass::NotFound,
            Self::Unsupported { .. } => ErrorClass::Unsupported,
            Self::InvalidArgument { .. } => ErrorClass::InvalidArgument,
            Self::Cancelled => ErrorClass::Cancelled,
            Self::Signer(_) => ErrorClass::Auth,
        }
    }

    /// Returns the number of this error, the same in errors, reports and events: the web SDK's if
    /// it has one, else the cloud's, else one of ours from 990001 to 990099. Never 0.
    ///
    /// ```
    /// use conv_sync::SourceError;
    ///
    /// let html = SourceError::Protocol { what: "HTML".into() };
    /// assert_eq!((html.number(), html.code()), (990_006, None));
    /// assert_eq!(SourceError::TimedOut.number(), 2801);
    /// ```
    pub fn number(&self) -> i32 {
        match self {
            // A refusal with the code for success violates the protocol.
            Self::Cloud { code, .. } if *code != 0 => *code,
            Self::Network { .. } | Self::NotConnected { .. } | Self::Http { .. } => {
                sdk::NETWORK_ERROR
            }
            Self::TimedOut => sdk::NETWORK_TIMEOUT,
            Self::NotFound => sdk::USER_OR_GROUP_NOT_FOUND,
            Self::Unsupported { .. } => sdk::UNSUPPORTED,
            Self::InvalidArgument { .. } => own::INVALID_ARGUMENT,
            Self::Cancelled => own::CANCELLED,
            Self::Signer(_) => own::SIGNER,
            Self::Cloud { .. } | Self::Protocol { .. } | Self::CursorExpired => own::PROTOCOL,
        }
    }

    /// Returns the cloud's own number, if it gave one.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Cloud { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Returns the kind of retry that may help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Network { .. } | Self::NotConnected { .. } | Self::TimedOut => Retry::BackOff,
            Self::Http { .. } => match self.class() {
                ErrorClass::Auth => Retry::Never,
                _ => Retry::BackOff,
            },
            Self::Cloud { retry, .. } => *retry,
            // A failing proxy answers with HTML, a broken connection with half a body.
            Self::Protocol { .. } => Retry::BackOff,
            _ => Retry::Never,
        }
    }

    /// Returns true if the same call may succeed later: after waiting, with a new signature, or
    /// once a server is repaired. `false` if the target does not exist, is not offered, or the
    /// request is invalid.
    pub fn may_succeed_later(&self) -> bool {
        !matches!(
            self.class(),
            ErrorClass::NotFound | ErrorClass::Unsupported | ErrorClass::InvalidArgument
        )
    }

    /// Returns the pause that the cloud asked for, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } | Self::Cloud { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { what, .. } | Self::NotConnected { what, .. } => {
                write!(f, "cloud cannot be reached: {what}")
            }
            Self::Http { status, .. } => write!(f, "cloud cannot be reached: HTTP status {status}"),
            Self::TimedOut => f.write_str("cloud did not answer in time"),
            Self::Cloud { code, message, .. } => {
                write!(f, "cloud refused with code {code}: {message}")
            }
            Self::Protocol { what } => {
                write!(f, "answer of the cloud violates its protocol: {what}")
            }
            Self::CursorExpired => f.write_str("cursor has expired"),
            Self::NotFound => f.write_str("no such user or group"),
            Self::Unsupported { what } => write!(f, "source does not offer {what}"),
            Self::InvalidArgument { what } => write!(f, "request is invalid: {what}"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Signer(_) => f.write_str("signer failed"),
        }
    }
}

// By hand: derived, the source would be the `Arc`, which no caller can downcast.
impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Network { cause, .. } | Self::NotConnected { cause, .. } => {
                Some(&**cause.as_ref()?)
            }
            Self::Signer(cause) => Some(&**cause),
            _ => None,
        }
    }
}

impl From<&SourceError> for PassFailure {
    fn from(error: &SourceError) -> Self {
        let mut failure = Self::new(error.class(), error.to_string());
        failure.code = error.number();
        failure.retry_after = error.retry_after();
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_number() {
        let cloud = |code| SourceError::Cloud {
            code,
            class: ErrorClass::Cloud,
            retry: Retry::Never,
            message: String::new(),
            retry_after: None,
        };
        let signer: Box<dyn Error + Send + Sync> = "no key".into();
        let errors = [
            (SourceError::network("reset"), 2800),
            (SourceError::NotConnected { what: "refused".into(), cause: None }, 2800),
            (SourceError::Http { status: 502, retry_after: None }, 2800),
            (SourceError::TimedOut, 2801),
            (cloud(70003), 70003),
            (cloud(0), 990_006),
            (SourceError::Protocol { what: "HTML".into() }, 990_006),
            (SourceError::CursorExpired, 990_006),
            (SourceError::NotFound, 2501),
            (SourceError::Unsupported { what: "groups".into() }, 3122),
            (SourceError::InvalidArgument { what: "account".into() }, 990_007),
            (SourceError::Cancelled, 990_005),
            (SourceError::Signer(signer.into()), 990_008),
        ];
        for (error, number) in errors {
            assert_eq!(error.number(), number, "{error}");
            assert_eq!(PassFailure::from(&error).code, number, "{error}");
        }
    }

    #[test]
    fn a_caller_can_look_for_the_type_of_a_cause() {
        let cause = || Arc::new(std::io::Error::other("down"));
        let network = SourceError::Network { what: "reset".into(), cause: Some(cause()) };
        let what = "refused".into();
        let not_connected = SourceError::NotConnected { what, cause: Some(cause()) };
        for error in [network, not_connected, SourceError::Signer(cause())] {
            assert!(error.source().unwrap().is::<std::io::Error>(), "{error}");
        }
        assert!(SourceError::network("reset").source().is_none());
    }
}
