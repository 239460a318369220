//! Who may call, and how that is checked.

use std::fmt;

use crate::user_sig::Claims;

/// 180 days, the vendor's own default.
const LIFETIME: u64 = 180 * 24 * 3600;

/// Which clock decides whether a UserSig has expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserSigClock {
    /// The world's clock: moving it on expires signatures.
    #[default]
    Cloud,
    /// The device's clock, whatever the world's time is.
    System,
}

/// The app that the emulator stands for.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) sdk_app_id: u32,
    pub(crate) identifier: String,
    pub(crate) secret_key: String,
}

impl Credentials {
    pub(crate) fn user_sig(&self, identifier: &str, now: u64) -> String {
        let claims = Claims {
            identifier: identifier.to_owned(),
            sdk_app_id: self.sdk_app_id,
            issued: now,
            lifetime: LIFETIME,
            user_buf: None,
        };
        claims.sign(&self.secret_key)
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            sdk_app_id: 1_400_000_000,
            identifier: "administrator".to_owned(),
            secret_key: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                .to_owned(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("identifier", &self.identifier)
            .finish_non_exhaustive()
    }
}

/// The device's clock in seconds.
pub(crate) fn system_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_key_is_not_in_the_debug_text() {
        let credentials = Credentials::default();
        assert!(!format!("{credentials:?}").contains(&credentials.secret_key));
    }
}
