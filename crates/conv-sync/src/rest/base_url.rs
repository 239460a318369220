//! The base URL of calls.

use std::{fmt, str::FromStr};

use reqwest::Url;
use thiserror::Error;

use super::Region;
use crate::{SourceError, usersig::tidy};

/// The base URL of calls: a scheme, a host and perhaps a port.
///
/// Must be `https`, because UserSigs travel in URLs. Plain `http` is allowed to this machine only,
/// or by [`insecure`](Self::insecure).
///
/// ```
/// use conv_sync::{BaseUrl, Region};
///
/// assert_eq!(BaseUrl::from(Region::Singapore).to_string(), "https://adminapisgp.im.qcloud.com");
/// assert!("http://127.0.0.1:8080".parse::<BaseUrl>().is_ok());
/// assert!("http://chat.example".parse::<BaseUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// Scheme and authority, without a slash at the end.
    origin: String,
}

/// The reason a string is not a valid base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It is not a URL with a host.
    #[error("expected a URL such as https://host")]
    NotUrl,
    /// Its scheme is neither `https` nor `http`.
    #[error("expected a base URL with https")]
    OtherScheme,
    /// It is plain `http` to another machine.
    #[error("expected https for any host but this machine")]
    NotSecure,
    /// It holds a user name or password.
    #[error("base URL holds a user name or password")]
    UserInfo,
    /// It has a path, a query or a fragment.
    #[error("expected a base URL without path, query and fragment")]
    NotBase,
}

impl BaseUrl {
    /// Returns the base URL of a region's second host; `None` if none is documented.
    pub fn backup(region: Region) -> Option<Self> {
        region.backup_host().map(Self::of_host)
    }

    /// Parses a base URL and allows plain `http` to any host. Anybody who can read the traffic can
    /// then act as the app's admin.
    ///
    /// # Errors
    /// Every [`BaseUrlError`] except [`NotSecure`](BaseUrlError::NotSecure).
    pub fn insecure(text: &str) -> Result<Self, BaseUrlError> {
        Self::check(text, true)
    }

    /// Returns the URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// # Errors
    /// Never in practice: the text came from a URL, or from a list of hosts that a test parses.
    pub(super) fn to_url(&self) -> Result<Url, SourceError> {
        let what = || format!("{self} is not a URL");
        Url::parse(&self.origin).map_err(|_| SourceError::InvalidArgument { what: what() })
    }

    fn of_host(host: &str) -> Self {
        Self { origin: format!("https://{host}") }
    }

    fn check(text: &str, may_be_insecure: bool) -> Result<Self, BaseUrlError> {
        let url = Url::parse(tidy(text)).map_err(|_| BaseUrlError::NotUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if may_be_insecure || is_loopback(&url) => {}
            "http" => return Err(BaseUrlError::NotSecure),
            _ => return Err(BaseUrlError::OtherScheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::UserInfo);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::NotBase);
        }
        Ok(Self { origin: url.origin().ascii_serialization() })
    }
}

/// Returns true if a URL names this machine, by its loopback address or `localhost`: any other name
/// could resolve elsewhere.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl From<Region> for BaseUrl {
    fn from(region: Region) -> Self {
        Self::of_host(region.host())
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        Self::check(text, false)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, error: BaseUrlError) {
        assert_eq!(text.parse::<BaseUrl>(), Err(error), "{text}");
    }

    #[test]
    fn plain_http_reaches_this_machine_only() {
        for text in
            ["http://127.0.0.1:1", "http://[::1]:80", "http://localhost:9", "http://127.9.9.9"]
        {
            assert!(text.parse::<BaseUrl>().is_ok(), "{text}");
        }
        for text in [
            "http://10.0.0.1",
            "http://chat.example",
            "http://127.0.0.1.chat.example",
            "http://localhost.example",
        ] {
            refused(text, BaseUrlError::NotSecure);
            assert!(BaseUrl::insecure(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_base_url_is_read_without_blanks_quotes_and_byte_order_marks() {
        for text in ["https://host\n", "\u{FEFF}https://host", " \"https://host\"\r\n"] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), "https://host", "{text:?}");
        }
    }

    #[test]
    fn a_base_url_is_scheme_and_host_alone() {
        refused("https://user@host", BaseUrlError::UserInfo);
        refused("https://:pass@host", BaseUrlError::UserInfo);
        refused("https://host/v4", BaseUrlError::NotBase);
        refused("https://host?x=1", BaseUrlError::NotBase);
        refused("https://host#x", BaseUrlError::NotBase);
        refused("ftp://host", BaseUrlError::OtherScheme);
        refused("file:///etc", BaseUrlError::OtherScheme);
        refused("host", BaseUrlError::NotUrl);
        refused("", BaseUrlError::NotUrl);
    }

    #[test]
    fn every_region_has_a_base_url_that_parses() {
        for region in Region::ALL {
            let urls = [Some(BaseUrl::from(region)), BaseUrl::backup(region)];
            for url in urls.into_iter().flatten() {
                assert_eq!(url.as_str().parse(), Ok(url));
            }
        }
    }
}
