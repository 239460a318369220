//! The address of a gateway.

use std::net::IpAddr;

use thiserror::Error;

/// The base of all calls. It is shown nowhere.
pub(super) struct Url(reqwest::Url);

/// The reason that a text is not the URL of a gateway. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GatewayUrlError {
    /// It is not a URL with a host.
    #[error("not a URL with a host")]
    Invalid,
    /// Tokens would travel in the clear.
    #[error("https is needed, or http on this machine")]
    Insecure,
    /// It has a user, a query or a fragment.
    #[error("a user, a query or a fragment has no place in it")]
    Extra,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, GatewayUrlError> {
        let mut url = reqwest::Url::parse(text).map_err(|_| GatewayUrlError::Invalid)?;
        let host = url.host_str().ok_or(GatewayUrlError::Invalid)?;
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine(host) => {}
            _ => return Err(GatewayUrlError::Insecure),
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(GatewayUrlError::Extra);
        }
        let path = format!("{}/v1", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Returns the URL of a call, whose path begins with a slash.
    pub(super) fn of(&self, path: &str) -> reqwest::Url {
        let mut url = self.0.clone();
        let path = format!("{}{path}", url.path());
        url.set_path(&path);
        url
    }
}

fn is_this_machine(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_keep_a_secret_are_taken() {
        use GatewayUrlError::{Extra, Insecure, Invalid};
        let refused = [
            ("", Invalid),
            ("chat.example.com", Invalid),
            ("http://chat.example.com", Insecure),
            ("http://localhost.example.com", Insecure),
            ("ftp://127.0.0.1", Insecure),
            ("https://eve@chat.example.com", Extra),
            ("https://chat.example.com/?a=1", Extra),
            ("https://chat.example.com/#a", Extra),
        ];
        for (text, error) in refused {
            assert_eq!(Url::parse(text).err(), Some(error), "{text}");
        }
        let taken = [
            ("https://chat.example.com", "https://chat.example.com/v1/login"),
            ("https://chat.example.com/a/b/", "https://chat.example.com/a/b/v1/login"),
            ("http://127.0.0.1:8690", "http://127.0.0.1:8690/v1/login"),
            ("http://[::1]:8690/x", "http://[::1]:8690/x/v1/login"),
        ];
        for (text, url) in taken {
            assert_eq!(Url::parse(text).unwrap().of("/login").as_str(), url);
        }
    }
}
