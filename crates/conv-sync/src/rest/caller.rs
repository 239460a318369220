//! One signed call.

use std::{
    collections::hash_map::RandomState,
    fmt::Write,
    hash::{BuildHasher, Hasher},
    sync::Arc,
    time::Duration,
};

use conv_model::{ErrorClass, Timestamp};
use reqwest::{Url, header::CONTENT_TYPE};
use tokio::time::Instant;
use tracing::{Instrument, debug_span, field::Empty};

use super::{
    clients::{Clients, Connection},
    cloud_time::CloudTime,
    codes,
    sig_cache::{SigCache, Signed},
    transport::{self, Failed},
    wire::{Command, Envelope, Reply},
};
use crate::{RateLimiter, RequestCounts, Retry, SourceError, UserSig};

/// Makes signed calls under the rate limit, with a timeout and a cap on size, and separates answers
/// from errors.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) clients: Clients,
    /// Parsed once: the host is most of the cost of a URL.
    pub(super) base: Result<Url, SourceError>,
    pub(super) sdk_app_id: u32,
    pub(super) sigs: SigCache,
    pub(super) time: CloudTime,
    pub(super) timeout: Duration,
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) requests: RequestCounts,
}

/// The pause for a command's calls after the cloud refused one as too many.
const HOLD_BACK: Duration = Duration::from_secs(1);
/// The maximum pause that an answer's `Retry-After` can ask for.
const MAX_HOLD_BACK: Duration = Duration::from_secs(10);

impl Caller {
    /// Makes one call under the rate limit. Returns the answer and the cloud's time; `None` if no
    /// reply has stated a time yet.
    ///
    /// A command that reads may be sent twice: if the connection broke before an answer began, the
    /// call goes out once more, again under the rate limit, on a new connection. A command that writes
    /// is sent once, since the cloud may have applied what it did not answer.
    pub(super) async fn call<C: Command>(
        &self,
        command: &C,
    ) -> Result<(C::Answer, Option<Timestamp>), SourceError> {
        match self.attempt(command, Connection::Any).await {
            Err(Failed::Unanswered(_)) if !C::WRITES => {
                let second = self.attempt(command, Connection::Fresh).await;
                second.map_err(|error| after_another(error.into()))
            }
            result => Ok(result?),
        }
    }

    async fn attempt<C: Command>(
        &self,
        command: &C,
        connection: Connection,
    ) -> Result<(C::Answer, Option<Timestamp>), Failed> {
        let span = debug_span!(
            "rest_call",
            command = C::PATH,
            code = Empty,
            waited_millis = Empty,
            millis = Empty
        );
        let asked = Instant::now();
        let turn = self.limiter.acquire(self.sdk_app_id, C::PATH).instrument(span.clone()).await;
        turn.map_err(|error| Failed::Other(unmade(error)))?;
        span.record("waited_millis", asked.elapsed().as_millis());
        let begun = Instant::now();
        let call = tokio::time::timeout(self.timeout, self.send(command, connection));
        let result = match call.instrument(span.clone()).await {
            Ok(result) => result,
            Err(_) => Err(Failed::Other(SourceError::TimedOut)),
        };
        let error = result.as_ref().err().map(|(Failed::Unanswered(e) | Failed::Other(e))| e);
        span.record("code", error.map_or(0, |error| error.code().unwrap_or(-1)));
        span.record("millis", begun.elapsed().as_millis());
        if let Some(error) = error {
            self.hold_back::<C>(error).instrument(span).await;
        }
        result
    }

    /// Holds back the command's other calls after the cloud refused one as too many, so that they
    /// are not refused one by one.
    async fn hold_back<C: Command>(&self, error: &SourceError) {
        let is_too_many = match error {
            SourceError::Http { status, .. } => *status == 429,
            SourceError::Cloud { code, .. } => codes::is_too_many(*code),
            _ => false,
        };
        if is_too_many {
            let pause = error.retry_after().unwrap_or_default().clamp(HOLD_BACK, MAX_HOLD_BACK);
            self.limiter.hold_back(self.sdk_app_id, C::PATH, pause).await;
        }
    }

    async fn send<C: Command>(
        &self,
        command: &C,
        connection: Connection,
    ) -> Result<(C::Answer, Option<Timestamp>), Failed> {
        let client = self.clients.get(connection)?;
        let body = serde_json::to_vec(command).map_err(|_| SourceError::InvalidArgument {
            what: "a request that cannot be written as JSON".to_owned(),
        })?;
        let signed = self.sigs.signed(&self.time).await?;
        let request = client
            .post(self.url(C::PATH, &signed.user_sig)?)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        self.requests.count(C::PATH);
        let (body, stated) = transport::send(request, &signed.user_sig).await?;
        match answer(command, &Reply::new(body, Arc::clone(&signed.user_sig))) {
            Err(error) if error.class() == ErrorClass::Auth => {
                Err(Failed::Other(self.refused(error, stated, &signed).await))
            }
            answer => {
                if answer.as_ref().map_or_else(|error| error.code().is_some(), |_| true) {
                    signed.was_accepted();
                }
                let time = self.time.note(stated);
                Ok((answer?, time))
            }
        }
    }

    /// Drops a refused UserSig, so that the next call signs again: it may have expired or been
    /// revoked. The error allows a retry only if this UserSig worked before, or a wrong clock made
    /// it; otherwise a new one would be the same.
    async fn refused(
        &self,
        mut error: SourceError,
        stated: Option<Timestamp>,
        signed: &Arc<Signed>,
    ) -> SourceError {
        self.time.correct(stated);
        let may_help = self.sigs.refused(signed, &self.time).await;
        if let SourceError::Cloud { retry: retry @ Retry::Reauthenticate, .. } = &mut error {
            *retry = if may_help { Retry::Reauthenticate } else { Retry::Never };
        }
        error
    }

    fn url(&self, path: &str, user_sig: &UserSig) -> Result<Url, SourceError> {
        let mut url = self.base.as_ref().map_err(SourceError::clone)?.clone();
        url.set_path(&format!("/v4/{path}"));
        url.set_query(Some(&format!(
            "sdkappid={}&identifier={}&usersig={}&random={}&contenttype=json",
            self.sdk_app_id,
            encoded(self.sigs.identifier()),
            // The alphabet of its base64, checked when it was parsed, needs no escaping.
            user_sig.expose(),
            random(),
        )));
        Ok(url)
    }
}

/// Says of the error of a second attempt that the first one was sent.
fn after_another(error: SourceError) -> SourceError {
    match error {
        SourceError::NotConnected { what, cause } => SourceError::Network { what, cause },
        error => error,
    }
}

/// Says of the error of a rate limiter that the call was not made.
fn unmade(error: SourceError) -> SourceError {
    match error {
        SourceError::Network { what, cause } => SourceError::NotConnected { what, cause },
        SourceError::TimedOut => {
            let what = "rate limiter did not answer in time".to_owned();
            SourceError::NotConnected { what, cause: None }
        }
        error => error,
    }
}

/// Returns the answer of a reply that is not an error.
pub(super) fn answer<C: Command>(command: &C, reply: &Reply) -> Result<C::Answer, SourceError> {
    accept::<C>(reply)?;
    command.read(reply)
}

fn accept<C: Command>(reply: &Reply) -> Result<(), SourceError> {
    let envelope: Envelope = reply.decode()?;
    match envelope.code() {
        Some(0) => Ok(()),
        Some(_) if C::brings_items(reply.text()) => Ok(()),
        Some(code) => Err(reply.error(code, &envelope.info())),
        None => Err(SourceError::Protocol { what: "a reply without a valid ErrorCode".to_owned() }),
    }
}

/// Percent-encodes all but letters, digits and four marks; a space does not become a plus.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Returns a random 32-bit number. The cloud requires one per call; nothing depends on it.
fn random() -> u32 {
    // Every `RandomState` has its own seed.
    RandomState::new().build_hasher().finish() as u32
}
