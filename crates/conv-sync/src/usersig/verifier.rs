//! Checking a UserSig.

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_model::Timestamp;
use hmac::Mac;

use super::{Claims, SecretKey, UserSigError, claims::Signed};

/// Checks UserSigs of one app with its secret key, for example in an embedder's login endpoint.
#[derive(Debug)]
pub struct UserSigVerifier {
    sdk_app_id: u32,
    key: SecretKey,
    accepts_user_buf: bool,
}

impl UserSigVerifier {
    /// Makes a verifier for an app and its key.
    pub fn new(sdk_app_id: u32, key: impl Into<SecretKey>) -> Self {
        Self { sdk_app_id, key: key.into(), accepts_user_buf: false }
    }

    /// Accepts UserSigs with additional signed bytes (`TLS.userbuf`) too. They are keys for rooms of
    /// other products of Tencent, not logins, so they are refused unless this is called.
    #[must_use]
    pub fn accept_user_buf(mut self) -> Self {
        self.accepts_user_buf = true;
        self
    }

    /// Checks that a UserSig is for this app and `identifier`, made with its key, without
    /// additional bytes, and not expired at `now`. Compares signatures in constant time, and reads no claim before the signature is
    /// verified.
    ///
    /// # Errors
    /// The reason for which it is refused.
    pub fn verify(
        &self,
        user_sig: &str,
        identifier: &str,
        now: Timestamp,
    ) -> Result<Claims, UserSigError> {
        let signed = Signed::decode(user_sig)?;
        let tag = STANDARD.decode(&signed.sig).map_err(|_| UserSigError::BadSignature)?;
        self.key
            .mac(&signed.message())?
            .verify_slice(&tag)
            .map_err(|_| UserSigError::BadSignature)?;
        if signed.has_user_buf() && !self.accepts_user_buf {
            return Err(UserSigError::UserBuf);
        }
        if signed.sdk_app_id != self.sdk_app_id {
            return Err(UserSigError::OtherApp);
        }
        if signed.identifier != identifier {
            return Err(UserSigError::OtherIdentifier);
        }
        let claims = signed.claims();
        claims.check_time(now)?;
        Ok(claims)
    }
}
