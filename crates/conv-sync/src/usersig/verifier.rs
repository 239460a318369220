//! Checking a UserSig.

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_model::Timestamp;
use hmac::Mac;

use super::{Claims, SecretKey, UserSigError, claims::Signed};

/// Checks UserSigs of one app with its secret key: what a login endpoint of the embedder's does.
#[derive(Debug)]
pub struct UserSigVerifier {
    sdk_app_id: u32,
    key: SecretKey,
}

impl UserSigVerifier {
    /// For an app and its key.
    pub fn new(sdk_app_id: u32, key: impl Into<SecretKey>) -> Self {
        Self { sdk_app_id, key: key.into() }
    }

    /// Checks that a UserSig is of this app, made with its key, for `identifier`, and not yet
    /// expired at `now`. Signatures are compared in constant time, and no claim is looked at
    /// before the signature is known to be good.
    ///
    /// # Errors
    /// Why it is refused, one variant for each reason.
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
