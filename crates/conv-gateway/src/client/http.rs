//! HTTP: sends a request and reads a body of capped size. Errors hold neither URL nor token.

use std::{error::Error, sync::Arc, time::Duration};

use conv_sync::{
    SourceError,
    http::{self, BodyError, ClientSettings},
};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};
use serde::Serialize;

use super::{Options, refusal, url::Url};

/// The maximum size of an answer in bytes: a page of 500 rows has half a megabyte.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The maximum size of a refusal in bytes.
const MAX_REFUSAL: usize = 64 * 1024;

/// One call of the gateway.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<Vec<u8>>,
    pub(super) key: Option<String>,
}

/// An answer that went well.
pub(super) struct Answer {
    /// True for 204: there is nothing to say.
    pub(super) is_empty: bool,
    pub(super) body: Vec<u8>,
}

/// The time for a call with its whole answer: a gateway may send an answer byte by byte, each in time.
const WHOLE: Duration = Duration::from_secs(60);

pub(super) struct Http {
    url: Url,
    /// An error if the client could not be built; every call then fails with it.
    client: Result<Client, SourceError>,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, body: None, key: None }
    }

    pub(super) fn post(path: &'a str, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { method: Method::POST, path, body: Some(body), key: None }
    }
}

impl Http {
    pub(super) fn new(url: Url, client: Option<Client>, options: Options) -> Self {
        let client = client.map_or_else(|| built(options), Ok);
        Self { url, client }
    }

    /// Sends a call and returns its answer, of any size that fits.
    pub(super) async fn send(&self, call: &Call<'_>, token: &str) -> Result<Answer, SourceError> {
        let request = self.request(call, token)?.timeout(WHOLE);
        let mut response = request.send().await.map_err(unanswered)?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(Answer { is_empty: true, body: Vec::new() }),
            StatusCode::OK => {
                Ok(Answer { is_empty: false, body: read(&mut response, MAX_BODY).await? })
            }
            _ => Err(refused(response, token).await),
        }
    }

    /// Opens a stream: the answer's body is read piece by piece.
    pub(super) async fn open(&self, call: &Call<'_>, token: &str) -> Result<Response, SourceError> {
        let response = self.request(call, token)?.send().await.map_err(unanswered)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            _ => Err(refused(response, token).await),
        }
    }

    fn request(&self, call: &Call<'_>, token: &str) -> Result<RequestBuilder, SourceError> {
        let client = self.client.as_ref().map_err(SourceError::clone)?;
        let mut request = client.request(call.method.clone(), self.url.of(call.path));
        if !token.is_empty() {
            let bearer = HeaderValue::try_from(format!("Bearer {token}"));
            let mut bearer = bearer.map_err(|_| protocol("an access token with odd characters"))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        Ok(request)
    }
}

fn built(options: Options) -> Result<Client, SourceError> {
    http::client(ClientSettings {
        user_agent: concat!("conv/", env!("CARGO_PKG_VERSION")),
        connect: options.connect,
        read: options.read,
        idle: usize::MAX,
    })
}

async fn refused(mut response: Response, token: &str) -> SourceError {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| {
        let seconds = value.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    });
    let body = read(&mut response, MAX_REFUSAL).await.unwrap_or_default();
    refusal::of(status, retry_after, &body, token)
}

async fn read(response: &mut Response, most: usize) -> Result<Vec<u8>, SourceError> {
    http::body(response, most).await.map_err(|error| match error {
        BodyError::TooLarge => protocol("a body that is too large"),
        BodyError::Lost(error) => failed(&error, "reading the answer"),
    })
}

fn unanswered(error: reqwest::Error) -> SourceError {
    if error.is_connect() {
        let what = "connecting to the gateway".to_owned();
        return SourceError::NotConnected { what, cause: cause(&error) };
    }
    failed(&error, "waiting for the answer")
}

/// Returns an error without the words of the library, which may quote the URL.
pub(super) fn failed(error: &reqwest::Error, doing: &str) -> SourceError {
    if error.is_timeout() {
        return SourceError::TimedOut;
    }
    SourceError::Network { what: doing.to_owned(), cause: cause(error) }
}

fn cause(error: &reqwest::Error) -> Option<Arc<dyn Error + Send + Sync>> {
    http::io_error(error).map(|error| Arc::new(error) as _)
}

pub(super) fn protocol(what: &str) -> SourceError {
    SourceError::Protocol { what: what.to_owned() }
}
