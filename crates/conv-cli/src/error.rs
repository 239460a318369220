//! The errors of commands, and the exit codes.

use std::{error::Error as _, fmt::Write, io, net::SocketAddr};

use conv_api::{ErrorClass, MutationFailure, SourceError, StoreError, sync::UserSigError};
use thiserror::Error;

use crate::{output::changes, store::holder::Holder};

/// The error of a command.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The library failed.
    #[error(transparent)]
    Conv(conv_api::Error),
    /// The command line or a file that it names is wrong.
    #[error("{0}")]
    Usage(String),
    /// The target does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request is not offered.
    #[error("not offered: {0}")]
    Unsupported(&'static str),
    /// The cloud has no such call.
    #[error("the cloud does not offer {0}")]
    NotOffered(String),
    /// The store is open in another process.
    #[error("store {place} is in use by {holder}")]
    InUse { place: String, holder: Holder },
    /// The UserSig is invalid.
    #[error(transparent)]
    UserSig(#[from] UserSigError),
    /// A port could not be opened.
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        error: io::Error,
    },
    /// The emulator could not start.
    #[error(transparent)]
    Emulator(#[from] conv_emulator::Error),
    /// The store is not intact.
    #[error("store is not intact: {0}")]
    Unsound(String),
    /// One of the given texts is not a conversation ID.
    #[error("{0}")]
    BadId(String),
    /// A failure that still has results: the `data` of its answer.
    #[error("{error}")]
    With { error: Box<Error>, data: serde_json::Value },
    /// The cloud refused a change.
    #[error("{}", .0.message)]
    Refused(MutationFailure),
    /// Some or all of the conversations stay as they are.
    #[error("{words}")]
    Unchanged { class: ErrorClass, code: i32, words: String },
    /// Changes are kept, and the cloud does not have them yet.
    #[error("not sent: {}", changes::failure(.0))]
    NotSent(MutationFailure),
    /// Interrupted by Ctrl-C, with what that leaves.
    #[error("{0}")]
    Interrupted(String),
    /// Standard input or output failed.
    #[error("reading or writing failed")]
    Io(#[from] io::Error),
}

/// The exit codes by class of error.
const EXIT_CODES: [(ErrorClass, u8, &str); 10] = [
    (ErrorClass::InvalidArgument, 2, "an option, an ID or a file is wrong"),
    (ErrorClass::NotFound, 3, "no such user, group, list or store"),
    (ErrorClass::Auth, 4, "the cloud refused the key, the UserSig or the administrator"),
    (ErrorClass::Transient, 5, "network or server failure: try again"),
    (ErrorClass::RateLimited, 6, "too many calls: wait, then try again"),
    (
        ErrorClass::Unsupported,
        7,
        "this build or the cloud cannot do it, or a newer version wrote the store",
    ),
    (ErrorClass::Cloud, 8, "the cloud refused the call, or violated its protocol"),
    (ErrorClass::Store, 9, "a file or port could not be used, or another process uses it"),
    (ErrorClass::Corrupt, 10, "the store is damaged, or `conv doctor` found a fault"),
    (ErrorClass::Cancelled, 130, "interrupted by Ctrl-C"),
];

/// The web SDK's numbers, and some from conv-api's own range, for errors of the command.
mod code {
    pub(super) const STORE: i32 = 990_001;
    pub(super) const CORRUPT: i32 = 990_002;
    pub(super) const CANCELLED: i32 = 990_005;
    pub(super) const INVALID_ARGUMENT: i32 = 990_007;
    pub(super) const CLOUD: i32 = 990_006;
    pub(super) const SIGNER: i32 = 990_008;
    pub(super) const NOT_FOUND: i32 = 990_009;
    pub(super) const EMULATOR: i32 = 990_010;
    pub(super) const INVALID_CONVERSATION_ID: i32 = 2503;
    pub(super) const NETWORK: i32 = 2800;
    pub(super) const UNSUPPORTED: i32 = 3122;
}

/// The options that name a cloud.
pub(crate) const NAME_A_CLOUD: &str = "give --region or --base-url, --sdkappid, and the secret key \
                                       by CONV_SECRET_KEY or --secret-key-file";

/// The SDK's number for an operation that is not offered.
pub(crate) const NOT_OFFERED: i32 = code::UNSUPPORTED;

/// Returns the table of exit codes, for `--help`.
pub(crate) fn exit_codes() -> String {
    let mut text = String::from(
        "Exit codes, each with its `class` in the JSON of a failure:\n    0                    success\n",
    );
    for (class, exit, meaning) in EXIT_CODES {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "  {exit:>3}  {:<17} {meaning}", class.as_str());
    }
    text
}

impl Error {
    /// Returns the class of the error.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::With { error, .. } => error.class(),
            Self::Conv(error) => error.class(),
            Self::Refused(failure) | Self::NotSent(failure) => failure.class,
            Self::Unchanged { class, .. } => *class,
            Self::Usage(_) | Self::BadId(_) => ErrorClass::InvalidArgument,
            Self::NotFound(_) => ErrorClass::NotFound,
            Self::Unsupported(_) | Self::NotOffered(_) => ErrorClass::Unsupported,
            Self::UserSig(error) => class_of_user_sig(*error),
            Self::Emulator(conv_emulator::Error::Setting(_)) => ErrorClass::InvalidArgument,
            Self::Emulator(_) | Self::InUse { .. } | Self::Io(_) | Self::Listen { .. } => {
                ErrorClass::Store
            }
            Self::Unsound(_) => ErrorClass::Corrupt,
            Self::Interrupted(_) => ErrorClass::Cancelled,
        }
    }

    /// Returns the SDK's number if it has one, else the cloud's, else one of conv's.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::With { error, .. } => error.code(),
            Self::Conv(error) => error.code(),
            Self::Refused(failure) | Self::NotSent(failure) => number_of(failure),
            Self::Unchanged { code, .. } => *code,
            Self::Usage(_) => code::INVALID_ARGUMENT,
            Self::BadId(_) => code::INVALID_CONVERSATION_ID,
            Self::NotFound(_) => code::NOT_FOUND,
            Self::Unsupported(_) | Self::NotOffered(_) => code::UNSUPPORTED,
            Self::UserSig(error) => code_of_user_sig(*error),
            Self::Emulator(_) => code::EMULATOR,
            Self::InUse { .. } | Self::Io(_) | Self::Listen { .. } => code::STORE,
            Self::Unsound(_) => code::CORRUPT,
            Self::Interrupted(_) => code::CANCELLED,
        }
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        let class = self.class();
        EXIT_CODES.iter().find(|row| row.0 == class).map_or(1, |row| row.1)
    }

    /// Returns the error and its causes in one line.
    pub(crate) fn words(&self) -> String {
        if let Self::With { error, .. } = self {
            return error.words();
        }
        let mut words = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A source's error already ends with the text of its cause.
            if !words.ends_with(&text) {
                let _ = write!(words, ": {text}");
            }
            cause = error.source();
        }
        words
    }

    /// Returns the results from before the failure.
    pub(crate) fn data(&self) -> Option<&serde_json::Value> {
        match self {
            Self::With { data, .. } => Some(data),
            _ => None,
        }
    }

    /// Returns true if the reader of standard output went away, as `head` does.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The library's words for a missing source name its builder, which a command line does not have.
impl From<conv_api::Error> for Error {
    fn from(error: conv_api::Error) -> Self {
        match error {
            conv_api::Error::NoSource => {
                Self::Usage(format!("no cloud is named, which this needs: {NAME_A_CLOUD}"))
            }
            conv_api::Error::Source(SourceError::Unsupported { what }) => Self::NotOffered(what),
            error => Self::Conv(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::from(conv_api::Error::from(error))
    }
}

/// Returns the cloud's number for a failure; without one, the number that the same failure of a pull
/// has.
pub(crate) fn number_of(failure: &MutationFailure) -> i32 {
    failure.code.unwrap_or(match failure.class {
        ErrorClass::Transient | ErrorClass::RateLimited => code::NETWORK,
        ErrorClass::InvalidArgument => code::INVALID_ARGUMENT,
        ErrorClass::Unsupported => code::UNSUPPORTED,
        ErrorClass::Auth => code::SIGNER,
        _ => code::CLOUD,
    })
}

fn class_of_user_sig(error: UserSigError) -> ErrorClass {
    match error {
        UserSigError::BadIdentifier | UserSigError::EmptyKey | UserSigError::NoLifetime => {
            ErrorClass::InvalidArgument
        }
        _ => ErrorClass::Auth,
    }
}

/// Returns the number with which the cloud itself refuses such a UserSig.
fn code_of_user_sig(error: UserSigError) -> i32 {
    match error {
        UserSigError::Expired(_) => 70001,
        UserSigError::BadSignature => 70009,
        UserSigError::OtherIdentifier => 70013,
        UserSigError::OtherApp => 70014,
        UserSigError::BadIdentifier | UserSigError::EmptyKey | UserSigError::NoLifetime => {
            code::INVALID_ARGUMENT
        }
        _ => 70003,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use conv_api::SourceError;

    use super::*;

    #[test]
    fn each_class_has_one_exit_code_of_its_own() {
        let codes: BTreeSet<u8> = EXIT_CODES.iter().map(|row| row.1).collect();
        let classes: BTreeSet<ErrorClass> = EXIT_CODES.iter().map(|row| row.0).collect();
        assert_eq!((codes.len(), classes.len()), (EXIT_CODES.len(), EXIT_CODES.len()));
        assert!(!codes.contains(&0) && !codes.contains(&1));
    }

    #[test]
    fn causes_stand_behind_the_error() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = Error::from(StoreError::io("opening rows", denied));
        assert_eq!(error.words(), "storage failed while opening rows: permission denied");
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let what = format!("connecting: {refused}");
        let error = SourceError::NotConnected { what, cause: Some(Arc::new(refused)) };
        let words = Error::Conv(error.into()).words();
        assert!(words.ends_with("connecting: connection refused"), "{words}");
    }
}
