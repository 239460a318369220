//! Says when a list has changed, so that a device need not ask again and again.

use std::{fmt, time::Duration};

use conv_model::AccountId;
use conv_sync::SourceError;
use reqwest::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    GatewaySource,
    http::{Call, failed, protocol},
    login::is_token_refused,
    sse::{Event, Parser},
};

const FIRST_CEILING: Duration = Duration::from_millis(500);
/// The rows whose changes a line tells of: as many as a gateway allows.
const MAX_WINDOW: u32 = 500;
const MAX_CEILING: Duration = Duration::from_secs(30);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);
/// The pause after a line that the gateway ended, at least: each opening costs the list a pass.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// The time after which the end of a line is no failure to open one.
const LIVED: Duration = Duration::from_secs(5);
/// The silence after which a line counts as dead, before the gateway said how often it speaks.
const FIRST_SILENCE: Duration = Duration::from_secs(50);

/// A line to a gateway that says when an account's list has changed there: pull then.
///
/// It comes again by itself when the line breaks, is silent for 2.5 heartbeats, or is ended by the
/// gateway, each time after a random part of a pause that grows up to 30 seconds. Changes that were
/// missed in between are made up for: each new line begins with one call to pull.
///
/// ```no_run
/// # async fn follow(gateway: conv_gateway::GatewaySource) -> Result<(), Box<dyn std::error::Error>> {
/// let mut follow = gateway.follow("alice".parse()?);
/// loop {
///     follow.changed().await;
///     // conversations.sync().await of conv-api
/// }
/// # }
/// ```
pub struct Follow {
    source: GatewaySource,
    account: AccountId,
    line: Option<Line>,
    failures: u32,
    /// The pause that the gateway asked for.
    asked: Option<Duration>,
    /// The earliest moment of the next try; set before the first wait, so that a dropped call waits no
    /// less.
    next_try: Option<Instant>,
    last_error: Option<SourceError>,
}

struct Line {
    opened: Instant,
    response: Response,
    parser: Parser,
    silence: Duration,
    deadline: Instant,
    /// True once the state at the opening was told, which the pull after the opening has.
    has_begun: bool,
    is_complete: Option<bool>,
}

/// The meaning of an event for a follower.
enum Said {
    Nothing,
    Changed,
    /// The line ends, to come again after a pause.
    Bye(Duration),
}

impl GatewaySource {
    /// Follows an account's list. Nothing is sent before the first call of
    /// [`changed`](Follow::changed).
    pub fn follow(&self, account: AccountId) -> Follow {
        Follow {
            source: self.clone(),
            account,
            line: None,
            failures: 0,
            asked: None,
            next_try: None,
            last_error: None,
        }
    }
}

impl Follow {
    /// Waits until the list has changed, or may have: also whenever a line was opened. Changes that come
    /// at once are one. Cancel-safe: a dropped call loses no change, as the next line makes up for it.
    pub async fn changed(&mut self) {
        loop {
            let Some(line) = &mut self.line else {
                self.pause().await;
                match self.open().await {
                    Ok(line) => {
                        self.line = Some(line);
                        self.last_error = None;
                        return;
                    }
                    Err(error) => self.failed(error),
                }
                continue;
            };
            match line.next().await {
                Ok(said) => {
                    if line.has_lived() {
                        self.failures = 0;
                    }
                    match said {
                        Said::Nothing => {}
                        Said::Changed => return,
                        Said::Bye(pause) => {
                            self.line = None;
                            self.asked = Some(pause.clamp(LEAST_PAUSE, MAX_RETRY_AFTER));
                        }
                    }
                }
                Err(error) => {
                    self.line = None;
                    self.failed(error);
                }
            }
        }
    }

    /// Returns why there is no line now; `None` while there is one, and before the first try.
    pub fn last_error(&self) -> Option<&SourceError> {
        self.last_error.as_ref()
    }

    /// Ends a pause between two tries, because the network is back or the app is visible again.
    pub fn retry_now(&mut self) {
        (self.failures, self.asked, self.next_try) = (0, None, Some(Instant::now()));
    }

    fn failed(&mut self, error: SourceError) {
        self.failures = self.failures.saturating_add(1);
        self.asked = error.retry_after().map(|pause| pause.min(MAX_RETRY_AFTER));
        self.last_error = Some(error);
    }

    /// Waits before a try, a random part of a ceiling that doubles with each failure.
    async fn pause(&mut self) {
        let until = *self.next_try.get_or_insert_with(|| {
            let ceiling = match self.failures {
                0 => Duration::ZERO,
                failures => {
                    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
                    FIRST_CEILING.saturating_mul(doubled).min(MAX_CEILING)
                }
            };
            let least = self.asked.take().unwrap_or_default();
            Instant::now() + least + ceiling.mul_f64(fastrand::f64())
        });
        sleep(until.saturating_duration_since(Instant::now())).await;
        self.next_try = None;
    }

    async fn open(&self) -> Result<Line, SourceError> {
        let shared = &self.source.shared;
        let from = shared.position(&self.account).map(|(position, conversations)| {
            json!({ "position": position, "conversations": conversations })
        });
        let query = json!({ "window": MAX_WINDOW, "from": from });
        let body = json!({ "queries": { "list": query } });
        let call = Call::post("/conversations/stream", &body);
        let token = shared.token(&self.account, None).await?;
        let response = match shared.http.open(&call, token.expose()).await {
            Err(error) if is_token_refused(&error) => {
                let token = shared.token(&self.account, Some(&token)).await?;
                shared.http.open(&call, token.expose()).await?
            }
            opened => opened?,
        };
        let silence = FIRST_SILENCE;
        Ok(Line {
            opened: Instant::now(),
            response,
            parser: Parser::default(),
            silence,
            deadline: Instant::now() + silence,
            has_begun: false,
            is_complete: None,
        })
    }
}

impl Line {
    /// Returns true once it is open for so long that its end is no failure to open one: a proxy may cut
    /// each line after its first event.
    fn has_lived(&self) -> bool {
        self.opened.elapsed() >= LIVED
    }

    /// Reads the next piece and says what its events mean together.
    async fn next(&mut self) -> Result<Said, SourceError> {
        let Ok(piece) = timeout_at(self.deadline, self.response.chunk()).await else {
            return Err(SourceError::TimedOut);
        };
        let piece = piece.map_err(|error| failed(&error, "reading the stream"))?;
        let piece = piece.ok_or_else(|| SourceError::network("the stream ended"))?;
        self.deadline = Instant::now() + self.silence;
        let events = self.parser.take(&piece).map_err(|_| protocol("an event that is too long"))?;
        let mut said = Said::Nothing;
        for event in events {
            match self.said(&event) {
                Said::Nothing => {}
                Said::Changed => said = Said::Changed,
                Said::Bye(pause) => return Ok(Said::Bye(pause)),
            }
        }
        Ok(said)
    }

    fn said(&mut self, event: &Event) -> Said {
        #[derive(Deserialize)]
        struct Hello {
            heartbeat: u64,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bye {
            retry_after_ms: u64,
        }
        match event.name.as_str() {
            "hello" => {
                if let Ok(Hello { heartbeat }) = serde_json::from_str(&event.data) {
                    // Between a second and five minutes, whatever it says.
                    self.silence = Duration::from_secs(heartbeat.clamp(1, 120)).mul_f64(2.5);
                    self.deadline = Instant::now() + self.silence;
                }
                Said::Nothing
            }
            "reset" | "patch" | "sync" if std::mem::replace(&mut self.has_begun, true) => {
                Said::Changed
            }
            "report" => self.reported(event),
            "bye" => {
                let bye = serde_json::from_str(&event.data);
                let millis = bye.map_or(1_000, |Bye { retry_after_ms }| retry_after_ms);
                Said::Bye(Duration::from_millis(millis))
            }
            _ => Said::Nothing,
        }
    }
}

impl Line {
    /// Takes in a report: the device's list is complete only if the gateway's is.
    fn reported(&mut self, event: &Event) -> Said {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Report {
            is_sync_completed: bool,
        }
        let report = serde_json::from_str(&event.data).ok();
        let is_complete = report.map(|report: Report| report.is_sync_completed);
        let before = std::mem::replace(&mut self.is_complete, is_complete);
        if before.is_some() && before != is_complete { Said::Changed } else { Said::Nothing }
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("is_open", &self.line.is_some())
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
