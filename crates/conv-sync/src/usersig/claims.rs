//! The claims of a UserSig, and their JSON.

use std::{fmt::Write, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_model::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::{UserSigError, encoding};

/// The claims of a UserSig.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Claims {
    /// The userID that it is for.
    pub identifier: String,
    /// The app that it is for.
    pub sdk_app_id: u32,
    /// The time when it was made.
    pub issued_at: Timestamp,
    /// The lifetime from then on, in whole seconds.
    pub lifetime: Duration,
}

impl Claims {
    /// Returns the first moment at which it is no longer valid.
    pub fn expires_at(&self) -> Timestamp {
        self.issued_at.plus_secs(self.lifetime.as_secs())
    }

    /// Checks that it has not expired.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), UserSigError> {
        let end = self.expires_at();
        if now < end { Ok(()) } else { Err(UserSigError::Expired(end)) }
    }
}

/// The JSON object of a UserSig. The order of its keys carries no meaning: official packages
/// differ in it.
#[derive(Serialize, Deserialize)]
pub(super) struct Signed {
    #[serde(rename = "TLS.ver")]
    version: String,
    #[serde(rename = "TLS.identifier")]
    pub(super) identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    pub(super) sdk_app_id: u32,
    #[serde(rename = "TLS.time")]
    time: u64,
    #[serde(rename = "TLS.expire")]
    expire: u64,
    /// Base64 of additional bytes that the app signed: room keys have it.
    #[serde(rename = "TLS.userbuf", default, skip_serializing_if = "Option::is_none")]
    user_buf: Option<String>,
    #[serde(rename = "TLS.sig")]
    pub(super) sig: String,
}

const VERSION: &str = "2.0";

impl Signed {
    /// Makes the claims, still without a signature.
    pub(super) fn unsigned(claims: &Claims) -> Self {
        Self {
            version: VERSION.to_owned(),
            identifier: claims.identifier.clone(),
            sdk_app_id: claims.sdk_app_id,
            time: claims.issued_at.as_secs(),
            expire: claims.lifetime.as_secs(),
            user_buf: None,
            sig: String::new(),
        }
    }

    pub(super) fn decode(text: &str) -> Result<Self, UserSigError> {
        let json = encoding::decode(text)?;
        let signed: Self = serde_json::from_slice(&json).map_err(|_| UserSigError::NotClaims)?;
        if signed.version != VERSION {
            return Err(UserSigError::OtherVersion);
        }
        // Each value is a line of the signed text: a line break in one could forge a claim.
        UserId::parse(&signed.identifier).map_err(|_| UserSigError::BadIdentifier)?;
        match signed.user_buf.as_ref().map(|text| STANDARD.decode(text)) {
            Some(Err(_)) => Err(UserSigError::NotClaims),
            _ => Ok(signed),
        }
    }

    pub(super) fn encode(&self) -> Result<String, UserSigError> {
        let json = serde_json::to_vec(self).map_err(|_| UserSigError::NotClaims)?;
        encoding::encode(&json)
    }

    /// Returns the text to sign.
    pub(super) fn message(&self) -> String {
        let mut message = format!(
            "TLS.identifier:{}\nTLS.sdkappid:{}\nTLS.time:{}\nTLS.expire:{}\n",
            self.identifier, self.sdk_app_id, self.time, self.expire
        );
        if let Some(user_buf) = &self.user_buf {
            // Writing to a `String` cannot fail.
            let _ = writeln!(message, "TLS.userbuf:{user_buf}");
        }
        message
    }

    pub(super) fn has_user_buf(&self) -> bool {
        self.user_buf.is_some()
    }

    pub(super) fn claims(&self) -> Claims {
        Claims {
            identifier: self.identifier.clone(),
            sdk_app_id: self.sdk_app_id,
            issued_at: Timestamp::from_secs(self.time),
            lifetime: Duration::from_secs(self.expire),
        }
    }
}
