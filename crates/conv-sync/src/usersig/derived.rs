//! Keys of our own, made from the app's secret key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use super::{SecretKey, UserSigError};

/// A key for one purpose, made from the app's [`SecretKey`]: it authenticates an embedder's own
/// messages, and says nothing about the key that it was made from.
///
/// Wiped from memory when dropped; cannot be printed, serialised or cloned.
///
/// ```
/// use conv_sync::SecretKey;
///
/// let key = SecretKey::from("a made-up key").derive("example.com tickets v1")?;
/// let tag = key.tag(b"a ticket");
/// assert!(key.verify(b"a ticket", &tag) && !key.verify(b"a ticker", &tag));
/// # Ok::<(), conv_sync::UserSigError>(())
/// ```
pub struct DerivedKey(SecretSlice<u8>);

impl SecretKey {
    /// Makes a key for the purpose that `label` names, as HKDF (RFC 5869) expands a key: the same label
    /// gives the same key, in every process. A tag of one key is of no use with another, nor as the
    /// signature of a UserSig.
    ///
    /// # Errors
    /// [`UserSigError::EmptyKey`] or [`UserSigError::BadKey`].
    pub fn derive(&self, label: &str) -> Result<DerivedKey, UserSigError> {
        // No text that is signed as a UserSig begins or ends like this.
        let mut mac = self.mac("conv derived key\0")?;
        mac.update(label.as_bytes());
        mac.update(&[1]);
        Ok(DerivedKey(SecretSlice::from(mac.finalize().into_bytes().to_vec())))
    }
}

impl DerivedKey {
    /// Returns the HMAC-SHA256 of a message.
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.mac(message).map_or([0; 32], |mac| mac.finalize().into_bytes().into())
    }

    /// Returns true if `tag` is that of the message. Compares in constant time.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        self.mac(message).is_some_and(|mac| mac.verify_slice(tag).is_ok())
    }

    /// HMAC takes a key of any length, so this is never `None`.
    fn mac(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(message);
        Some(mac)
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey([REDACTED])")
    }
}
