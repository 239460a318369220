//! The reasons for which a login or a token is refused.

use conv_model::ErrorClass;
use conv_sync::UserSigError;
use thiserror::Error;

/// The reason for which a login or a token is refused. No variant holds a part of a token or the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The app's key is invalid.
    #[error(transparent)]
    Key(UserSigError),
    /// The UserSig is refused.
    #[error(transparent)]
    UserSig(UserSigError),
    /// The account is an administrator of the app.
    #[error("administrators cannot log in here")]
    Administrator,
    /// The UserSig was issued more than ten minutes in the future.
    #[error("UserSig was issued in the future: the signer's clock is wrong")]
    Ahead,
    /// The UserSig is older than the gateway accepts.
    #[error("UserSig is too old for a login here")]
    TooOld,
    /// The UserSig or the token was issued before the account was logged out everywhere.
    #[error("account was logged out; log in with a new UserSig")]
    Revoked,
    /// The text is not an access token of this app.
    #[error("access token is not valid")]
    Invalid,
    /// The access token has expired.
    #[error("access token has expired; log in again")]
    Expired,
}

impl TokenError {
    /// Returns a number for programs: the cloud's of a UserSig, else the web SDK's.
    pub fn code(&self) -> i32 {
        match self {
            Self::UserSig(UserSigError::Expired(_)) | Self::TooOld | Self::Ahead => 70_001,
            Self::UserSig(UserSigError::OtherIdentifier) => 70_013,
            Self::UserSig(UserSigError::OtherApp) => 70_014,
            Self::Key(_) | Self::UserSig(_) => 70_003,
            // Kicked out by the app.
            Self::Revoked => 3006,
            // Not logged in.
            Self::Administrator | Self::Invalid | Self::Expired => 2024,
        }
    }

    /// Returns the class of error, the same for all.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::Auth
    }
}
