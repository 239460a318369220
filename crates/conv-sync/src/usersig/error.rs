//! Why a UserSig is refused.

use conv_model::Timestamp;
use thiserror::Error;

/// Why a UserSig cannot be made or is refused: one variant for each reason. None holds a part of
/// the text or the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum UserSigError {
    /// The identifier is no userID: 1–32 bytes of printable ASCII.
    #[error("identifier of a UserSig is no userID")]
    BadIdentifier,
    /// The secret key is empty.
    #[error("secret key is empty")]
    EmptyKey,
    /// The secret key has a line break or another control character in it, such as of a file with
    /// two lines.
    #[error("secret key has a line break or another control character in it")]
    BadKey,
    /// It would expire in the second it is made.
    #[error("expected a UserSig to live for a second at least")]
    NoLifetime,
    /// The text has more than 4 KiB.
    #[error("UserSig is longer than 4 KiB")]
    TooLong,
    /// The text is not in UserSig's base64.
    #[error("UserSig is not in its base64")]
    NotBase64,
    /// What the base64 holds is not one zlib stream.
    #[error("UserSig does not hold a zlib stream")]
    NotZlib,
    /// What the zlib stream holds is longer than 16 KiB.
    #[error("UserSig inflates to more than 16 KiB")]
    TooLarge,
    /// What the zlib stream holds is not the JSON object with all claims, each once.
    #[error("UserSig does not hold its claims")]
    NotClaims,
    /// The claims are of another version than 2.0.
    #[error("expected a UserSig of version 2.0")]
    OtherVersion,
    /// The signature is not the one that the key gives: another key, or changed claims.
    #[error("signature of the UserSig does not match")]
    BadSignature,
    /// It is of another user.
    #[error("UserSig is of another identifier")]
    OtherIdentifier,
    /// It is for another app.
    #[error("UserSig is for another SDKAppID")]
    OtherApp,
    /// Its time is over.
    #[error("UserSig expired at {}", .0.as_secs())]
    Expired(Timestamp),
}
