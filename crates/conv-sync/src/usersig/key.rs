//! The app's secret key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use sha2::Sha256;

use super::{
    UserSigError,
    tidy::{is_stray, tidy},
};

/// The secret key of an SDKAppID, as the console shows it: the text itself is the key. Removes what
/// a file or an environment variable adds: blanks, line breaks and a byte order mark around the
/// key, and a pair of quotes.
///
/// Wiped from memory when dropped; cannot be printed, serialised or cloned.
///
/// ```
/// use conv_sync::SecretKey;
///
/// let key = SecretKey::from("5bd2850fff3ecb11");
/// assert_eq!(format!("{key:?}"), "SecretKey([REDACTED])");
/// ```
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Returns an HMAC-SHA256 that has read `message`.
    pub(super) fn mac(&self, message: &str) -> Result<Hmac<Sha256>, UserSigError> {
        let key = self.0.expose_secret().as_bytes();
        if key.is_empty() {
            return Err(UserSigError::EmptyKey);
        }
        if self.0.expose_secret().contains(is_stray) {
            return Err(UserSigError::BadKey);
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| UserSigError::EmptyKey)?;
        mac.update(message.as_bytes());
        Ok(mac)
    }
}

impl From<String> for SecretKey {
    fn from(mut key: String) -> Self {
        let tidied = Self::from(&*key);
        key.zeroize();
        tidied
    }
}

impl From<&str> for SecretKey {
    fn from(key: &str) -> Self {
        Self(SecretString::from(tidy(key)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([REDACTED])")
    }
}
