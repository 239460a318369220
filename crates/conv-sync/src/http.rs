//! HTTP, as far as every source over it needs the same: a client without surprises, bodies of capped
//! size, and I/O errors without text.
//!
//! Hidden from the documentation: it is for the crates of this workspace, and no stable API.

use std::{error::Error, io, iter, time::Duration};

use reqwest::{Client, Response, redirect, retry};

use crate::SourceError;

/// The settings in which sources differ.
#[derive(Clone, Copy, Debug)]
pub struct ClientSettings {
    /// The name by which a server knows the client.
    pub user_agent: &'static str,
    /// The time until a connection stands.
    pub connect: Duration,
    /// The time until the next piece of an answer.
    pub read: Duration,
    /// The maximum number of idle connections per server.
    pub idle: usize,
}

/// Builds a client that follows no redirects, uses no proxy and decompresses nothing, whatever features
/// of reqwest other crates have enabled.
///
/// # Errors
/// If TLS cannot be set up.
pub fn client(settings: ClientSettings) -> Result<Client, SourceError> {
    Client::builder()
        .user_agent(settings.user_agent)
        .connect_timeout(settings.connect)
        .read_timeout(settings.read)
        .pool_max_idle_per_host(settings.idle)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()
        .map_err(|_| SourceError::network("HTTP client cannot be built"))
}

/// The reason why a body could not be read.
#[derive(Debug)]
pub enum BodyError {
    /// It is larger than the cap.
    TooLarge,
    /// It did not arrive.
    Lost(reqwest::Error),
}

/// Reads a body of at most so many bytes. It counts the bytes of its pieces: the stated length may be
/// wrong, and a client that decompresses may multiply them.
///
/// # Errors
/// If the body is larger, or does not arrive.
pub async fn body(response: &mut Response, most: usize) -> Result<Vec<u8>, BodyError> {
    let stated = response.content_length().unwrap_or(0);
    if stated > most as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut body = Vec::with_capacity(usize::try_from(stated).unwrap_or(0).min(64 * 1024));
    loop {
        match response.chunk().await.map_err(BodyError::Lost)? {
            Some(piece) if body.len().saturating_add(piece.len()) > most => {
                return Err(BodyError::TooLarge);
            }
            Some(piece) => body.extend_from_slice(&piece),
            None => return Ok(body),
        }
    }
}

/// Returns an error and its causes, outermost first.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// Returns the innermost I/O error among an error and its causes, by its number or kind alone: its text
/// may quote the URL or the peer, and so a secret.
pub fn io_error(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut innermost: &io::Error =
        causes(error).filter_map(|cause| cause.downcast_ref()).last()?;
    // `source` of an I/O error skips an I/O error that it wraps.
    while let Some(inner) = innermost.get_ref().and_then(|inner| inner.downcast_ref()) {
        innermost = inner;
    }
    Some(match innermost.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => innermost.kind().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_keeps_its_kind_and_none_of_its_text() {
        let secret = "https://host/v4/x?usersig=eJyrVgrxCdYrSy1SslIy0jNQ";
        let inner = io::Error::new(io::ErrorKind::ConnectionReset, secret);
        let kept = io_error(&io::Error::other(inner)).unwrap();
        assert_eq!(kept.kind(), io::ErrorKind::ConnectionReset);
        for shown in [format!("{kept}"), format!("{kept:?}"), format!("{kept:#?}")] {
            assert!(!shown.contains("usersig") && !shown.contains("eJyr"), "{shown}");
        }
        assert!(kept.source().is_none());
        let numbered = io::Error::from_raw_os_error(1);
        assert_eq!(io_error(&numbered).unwrap().raw_os_error(), Some(1));
    }
}
