//! Numbers of a gateway, and their text for Prometheus.

mod accounts;

use std::{fmt, sync::Arc, time::Duration};

use conv_api::{ErrorClass, Stats};
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use self::accounts::AccountsNumbers;

/// The `Content-Type` of [`GatewayStats::render`].
pub(super) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Numbers of a gateway since it was built. Clones count together.
///
/// Labels are words of the code or paths as they are routed: no number holds a user, a conversation, an
/// address or a token, and callers cannot make new series.
#[derive(Clone)]
pub struct GatewayStats(Arc<Numbers>);

/// One label, with words of the code.
type Label = [(&'static str, &'static str); 1];
type PerRoute = Family<RouteLabel, Histogram, fn() -> Histogram>;

struct Numbers {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: PerRoute,
    refusals: Family<Label, Counter>,
    logins: Family<Label, Counter>,
    lines_open: Family<Label, Gauge>,
    line_opens: Family<Label, Counter>,
    line_ends: Family<Label, Counter>,
    resumes: Family<Label, Counter>,
    updates: Counter,
    update_bytes: Counter,
    write_stalls: Counter,
    webhooks: Family<[(&'static str, &'static str); 2], Counter>,
    runtime_lag: Gauge<f64, std::sync::atomic::AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

/// The bounds of the histogram of requests, in seconds.
const REQUEST_BOUNDS: [f64; 11] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1., 10.];
/// The pause between two measurements of the runtime.
const LAG_PAUSE: Duration = Duration::from_millis(500);

impl GatewayStats {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("conv");
        let it = &mut registry;
        let numbers = Numbers {
            requests: made(it, "requests", "Requests answered"),
            request_seconds: registered(
                it,
                "request_seconds",
                "Time until a request's answer began, in seconds",
                PerRoute::new_with_constructor(|| Histogram::new(REQUEST_BOUNDS)),
            ),
            refusals: made(it, "refusals", "Requests refused, by class of error"),
            logins: made(it, "logins", "Logins and renewals, by outcome"),
            lines_open: made(it, "lines_open", "Open lines of live lists"),
            line_opens: made(it, "line_opens", "Lines opened"),
            line_ends: made(it, "line_ends", "Lines ended, by reason"),
            resumes: made(it, "resumes", "Lines that came with a position, by what they got"),
            updates: made(it, "updates", "Updates sent on lines"),
            update_bytes: made(it, "update_bytes", "Bytes of updates sent on lines"),
            write_stalls: made(it, "write_stalls", "Lines whose client took nothing for too long"),
            webhooks: made(it, "webhooks", "Webhook calls, by command and outcome"),
            runtime_lag: made(
                it,
                "runtime_lag_seconds",
                "Delay of the runtime's timers, in seconds",
            ),
            registry,
        };
        Self(Arc::new(numbers))
    }

    /// Returns these numbers and those of the accounts in Prometheus' text format 0.0.4.
    pub fn render(&self, accounts: &Stats) -> String {
        let mut registry = Registry::with_prefix("conv");
        registry.register_collector(Box::new(AccountsNumbers(accounts.clone())));
        let mut text = String::new();
        for registry in [&self.0.registry, &registry] {
            // Writing to a `String` cannot fail.
            let _ = encode(&mut text, registry);
        }
        text
    }

    /// Returns the number of open lines.
    pub fn lines_open(&self) -> u64 {
        let open = TRANSPORTS.map(|transport| self.0.lines_open.get_or_create(&transport).get());
        open.iter().filter_map(|open| u64::try_from(*open).ok()).sum()
    }

    /// Measures twice per second how late the runtime's timers are, for as long as it is polled: run it
    /// beside the server.
    pub async fn measure_runtime(&self) {
        loop {
            let begun = tokio::time::Instant::now();
            tokio::time::sleep(LAG_PAUSE).await;
            let lag = begun.elapsed().saturating_sub(LAG_PAUSE);
            self.0.runtime_lag.set(lag.as_secs_f64());
        }
    }

    /// A request was answered, `took` after it came. Of a stream, its beginning.
    pub(super) fn request(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let route = if route.is_empty() { "other" } else { route }.to_owned();
        let took = took.as_secs_f64();
        self.0.request_seconds.get_or_create(&RouteLabel { route: route.clone() }).observe(took);
        self.0.requests.get_or_create(&RequestLabels { route, method, status }).inc();
    }

    /// A request was refused.
    pub(super) fn refused(&self, class: ErrorClass) {
        self.0.refusals.get_or_create(&[("class", class.as_str())]).inc();
    }

    /// A login or a renewal ended.
    pub(super) fn login(&self, outcome: &'static str) {
        self.0.logins.get_or_create(&[("outcome", outcome)]).inc();
    }
}

/// The kinds of lines.
const TRANSPORTS: [Label; 2] = [[("transport", "sse")], [("transport", "poll")]];

impl GatewayStats {
    /// A line was opened: `sse`, or `poll` for a long poll that waits.
    pub(super) fn line_opened(&self, transport: &'static str) {
        self.0.line_opens.get_or_create(&[("transport", transport)]).inc();
        self.0.lines_open.get_or_create(&[("transport", transport)]).inc();
    }

    /// An opened line ended: `gone` (by the client), or as its `bye` says: `drain`, `age`, `slow`,
    /// `expired`, `replaced`; a long poll is `answered`.
    pub(super) fn line_ended(&self, transport: &'static str, reason: &'static str) {
        self.0.lines_open.get_or_create(&[("transport", transport)]).dec();
        self.0.line_ends.get_or_create(&[("reason", reason)]).inc();
    }

    /// A line came with a position, and got: `patch`, `sync` or `reset`.
    pub(super) fn resumed(&self, outcome: &'static str) {
        self.0.resumes.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// An update was handed to a line.
    pub(super) fn update_sent(&self) {
        self.0.updates.inc();
    }

    /// Counts an event of this many bytes, handed to a line.
    pub(super) fn bytes_sent(&self, bytes: usize) {
        self.0.update_bytes.inc_by(bytes as u64);
    }

    /// A client took nothing for too long.
    pub(super) fn write_stalled(&self) {
        self.0.write_stalls.inc();
    }

    /// A webhook was called. `command` is one that is known, else `other`.
    pub(super) fn webhook(&self, command: &'static str, outcome: &'static str) {
        self.0.webhooks.get_or_create(&[("command", command), ("outcome", outcome)]).inc();
    }
}

fn made<M: Metric + Clone + Default>(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
) -> M {
    registered(registry, name, help, M::default())
}

fn registered<M: Metric + Clone>(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl fmt::Debug for GatewayStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayStats")
            .field("lines_open", &self.lines_open())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_webhooks_are_counted() {
        let stats = GatewayStats::new();
        stats.line_opened("sse");
        stats.line_opened("poll");
        stats.line_ended("poll", "gone");
        stats.resumed("patch");
        stats.update_sent();
        stats.bytes_sent(40);
        stats.update_sent();
        stats.bytes_sent(2);
        stats.write_stalled();
        stats.webhook("C2C.CallbackAfterSendMsg", "taken");
        assert_eq!(stats.lines_open(), 1);
        let text = stats.render(&Stats::default());
        for line in [
            "conv_lines_open{transport=\"sse\"} 1\n",
            "conv_lines_open{transport=\"poll\"} 0\n",
            "conv_line_opens_total{transport=\"poll\"} 1\n",
            "conv_line_ends_total{reason=\"gone\"} 1\n",
            "conv_resumes_total{outcome=\"patch\"} 1\n",
            "conv_updates_total 2\n",
            "conv_update_bytes_total 42\n",
            "conv_write_stalls_total 1\n",
            "conv_webhooks_total{command=\"C2C.CallbackAfterSendMsg\",outcome=\"taken\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
