//! The reasons for which a UserSig is refused.

use conv_model::Timestamp;
use thiserror::Error;

/// The reason for which a UserSig cannot be made or is refused. No variant holds a part of the text
/// or the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum UserSigError {
    /// The identifier is not a userID: 1–32 bytes of printable ASCII.
    #[error("identifier of a UserSig is not a userID")]
    BadIdentifier,
    /// The secret key is empty.
    #[error("secret key is empty")]
    EmptyKey,
    /// The secret key contains a line break or another control character, for example from a file
    /// with two lines.
    #[error("secret key has a line break or another control character in it")]
    BadKey,
    /// The lifetime is shorter than a second.
    #[error("expected a UserSig to live for a second at least")]
    NoLifetime,
    /// The text has more than 4 KiB.
    #[error("UserSig is longer than 4 KiB")]
    TooLong,
    /// The text is not in UserSig's base64.
    #[error("UserSig is not in its base64")]
    NotBase64,
    /// The base64 does not hold exactly one zlib stream.
    #[error("UserSig does not hold a zlib stream")]
    NotZlib,
    /// The content of the zlib stream is longer than 16 KiB.
    #[error("UserSig inflates to more than 16 KiB")]
    TooLarge,
    /// The content of the zlib stream is not the JSON object with all claims, each once.
    #[error("UserSig does not hold its claims")]
    NotClaims,
    /// The claims have a version other than 2.0.
    #[error("expected a UserSig of version 2.0")]
    OtherVersion,
    /// The signature does not match the key and the claims.
    #[error("signature of the UserSig does not match")]
    BadSignature,
    /// The UserSig has additional signed bytes: it is a key for a room, not a login.
    #[error("UserSig is a key for a room (TLS.userbuf), not a login")]
    UserBuf,
    /// The UserSig is for another user.
    #[error("UserSig is of another identifier")]
    OtherIdentifier,
    /// The UserSig is for another app.
    #[error("UserSig is for another SDKAppID")]
    OtherApp,
    /// The UserSig has expired.
    #[error("UserSig expired at {}", .0.as_secs())]
    Expired(Timestamp),
}
