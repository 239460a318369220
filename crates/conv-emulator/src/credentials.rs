//! The credentials of the app, and the check of callers.

use std::fmt;

use crate::user_sig::Claims;

/// The lifetime of a UserSig: 180 days, the vendor's own default.
const LIFETIME: u64 = 180 * 24 * 3600;

/// The clock that decides whether a UserSig has expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserSigClock {
    /// The world's clock: advancing it expires signatures.
    #[default]
    Cloud,
    /// The device's clock, independent of the world's time.
    System,
}

/// The app whose cloud the emulator emulates.
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

/// Returns a key without what a file or an environment variable adds around it.
pub(crate) fn tidy(key: &str) -> &str {
    let is_around =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{FEFF}' | '\u{200B}');
    let key = key.trim_matches(is_around);
    let mut quotes = ['"', '\''].into_iter();
    let unquoted = quotes.find_map(|quote| key.strip_prefix(quote)?.strip_suffix(quote));
    unquoted.map_or(key, |key| key.trim_matches(is_around))
}

/// Returns the device's clock in seconds.
pub(crate) fn system_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_quotes_around_a_key_are_removed_and_the_key_is_whole() {
        for text in ["a b", "a b\r\n", " \ta b\0", "\u{FEFF}a b", "'a b'\n", "\"a b\n\"\u{200B}"] {
            assert_eq!(tidy(text), "a b", "{text:?}");
        }
        for text in ["", "\"", "'a\"", "a\"b", "\"a", "a\nb"] {
            assert_eq!(tidy(text), text, "{text:?}");
        }
    }

    #[test]
    fn the_secret_key_is_not_in_the_debug_text() {
        let credentials = Credentials::default();
        assert!(!format!("{credentials:?}").contains(&credentials.secret_key));
    }
}
