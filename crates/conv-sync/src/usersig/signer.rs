//! Making a UserSig.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_model::{Timestamp, UserId};
use hmac::Mac;
use secrecy::SecretString;

use super::{Claims, SecretKey, UserSig, UserSigError, claims::Signed, tidy::is_stray};

/// Makes UserSigs of one user with the app's secret key.
///
/// ```
/// use std::time::Duration;
///
/// use conv_model::Timestamp;
/// use conv_sync::{UserSigSigner, UserSigVerifier};
///
/// let now = Timestamp::from_secs(1_700_000_000);
/// let signer = UserSigSigner::new("administrator", "a made-up key");
/// let user_sig = signer.sign(1_400_000_000, now, Duration::from_secs(3600))?;
///
/// let verifier = UserSigVerifier::new(1_400_000_000, "a made-up key");
/// let claims = verifier.verify(user_sig.expose(), "administrator", now)?;
/// assert_eq!(claims.expires_at(), Timestamp::from_secs(1_700_003_600));
/// # Ok::<(), conv_sync::UserSigError>(())
/// ```
pub struct UserSigSigner {
    identifier: String,
    key: SecretKey,
    lifetime: Duration,
}

impl UserSigSigner {
    /// Makes a signer for a userID; server calls need that of an app admin. Removes line breaks and
    /// a byte order mark around the userID.
    pub fn new(identifier: impl Into<String>, key: impl Into<SecretKey>) -> Self {
        Self {
            identifier: identifier.into().trim_matches(is_stray).to_owned(),
            key: key.into(),
            lifetime: Duration::from_secs(24 * 3600),
        }
    }

    /// Sets the lifetime of the UserSigs made for a source: a day by default. Tencent's own
    /// packages use 180 days.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Returns the userID.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Returns the lifetime of the UserSigs made for a source.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Makes a UserSig that is valid from `now` on for `lifetime`, in whole seconds.
    ///
    /// # Errors
    /// [`UserSigError::BadIdentifier`], [`UserSigError::EmptyKey`], [`UserSigError::BadKey`], or
    /// [`UserSigError::NoLifetime`] under a second.
    pub fn sign(
        &self,
        sdk_app_id: u32,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<UserSig, UserSigError> {
        UserId::parse(&self.identifier).map_err(|_| UserSigError::BadIdentifier)?;
        if lifetime.as_secs() == 0 {
            return Err(UserSigError::NoLifetime);
        }
        let claims = Claims {
            identifier: self.identifier.clone(),
            sdk_app_id,
            issued_at: now,
            lifetime: Duration::from_secs(lifetime.as_secs()),
        };
        let mut signed = Signed::unsigned(&claims);
        let tag = self.key.mac(&signed.message())?.finalize().into_bytes();
        signed.sig = STANDARD.encode(tag);
        let text = SecretString::from(signed.encode()?);
        Ok(UserSig { text, claims })
    }
}

impl fmt::Debug for UserSigSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSigSigner")
            .field("identifier", &self.identifier)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
