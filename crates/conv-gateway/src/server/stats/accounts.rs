//! The numbers of the accounts behind a gateway.

use std::fmt;

use conv_api::{QuotaWait, Stats};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

/// The numbers of one moment.
#[derive(Debug)]
pub(super) struct AccountsNumbers(pub(super) Stats);

impl Collector for AccountsNumbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(stats) = self;
        let watch = &stats.watch;
        for (name, help, value) in [
            ("accounts_open", "Lists in memory", stats.accounts_open),
            ("accounts_loaded_bytes", "Approximate memory of these lists", stats.loaded_bytes),
            ("accounts_due", "Lists due for a pass and not loaded", stats.accounts_due),
            ("accounts_watched", "Accounts that are watched", watch.watched),
            ("accounts_visible", "Watched accounts that are visible", watch.visible),
            ("indexed_rows", "Rows of watched accounts in the index", watch.indexed_rows),
            ("passes_running", "Passes under way", stats.passes_running),
            ("passes_waiting", "Passes that wait for their turn", stats.passes_waiting),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            one(&mut encoder, name, help, &gauge)?;
        }
        for (name, help, value) in [
            ("accounts_evicted", "Lists evicted from memory", stats.evicted),
            ("passes_finished", "Passes that ended well", stats.passes_finished),
            ("passes_failed", "Passes that failed", stats.passes_failed),
            ("cloud_retries", "Questions of passes that were asked again", stats.retries),
            ("cloud_write_calls", "Batches of changes and looks for them", stats.write_calls),
            ("skipped_rows", "Rows that could not be read", stats.skipped_rows),
            ("marks", "Marks of accounts, as webhooks cause them", watch.marks),
            ("marks_ignored", "Marks of accounts that are not watched", watch.marks_ignored),
            ("marks_coalesced", "Marks that another one waited with", watch.coalesced),
            ("suggestions", "Messages shown before a pass, per list", watch.suggestions),
            ("facet_reads", "Times that facets were read without a pass", watch.reads),
        ] {
            one(&mut encoder, name, help, &ConstCounter::new(value))?;
        }
        requests(&mut encoder, stats)?;
        causes(&mut encoder, stats)?;
        outcomes(&mut encoder, stats)?;
        wait(&mut encoder, &stats.quota_wait)
    }
}

fn one(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// The commands are fixed words of the source's code.
fn requests(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> fmt::Result {
    let help = "Requests to the cloud, by command";
    let mut metric = encoder.encode_descriptor("cloud_calls", help, None, MetricType::Counter)?;
    for (command, count) in &stats.requests {
        let labels = [("command", *command)];
        ConstCounter::new(*count).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn causes(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> fmt::Result {
    let help = "Passes asked for, by cause";
    let mut metric = encoder.encode_descriptor("pulls", help, None, MetricType::Counter)?;
    for (cause, value) in [
        ("watch", stats.watch.passes_for_watches),
        ("mark", stats.watch.passes_for_marks),
        ("safety", stats.watch.passes_for_safety),
    ] {
        ConstCounter::new(value).encode(metric.encode_family(&[("cause", cause)])?)?;
    }
    Ok(())
}

fn outcomes(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> fmt::Result {
    let (name, help) = ("changes_ended", "Changes of users that ended, by outcome");
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (outcome, value) in [
        ("done", stats.changes_done),
        ("failed", stats.changes_failed),
        ("expired", stats.changes_expired),
        ("overridden", stats.changes_overridden),
    ] {
        ConstCounter::new(value).encode(metric.encode_family(&[("outcome", outcome)])?)?;
    }
    Ok(())
}

fn wait(encoder: &mut DescriptorEncoder<'_>, wait: &QuotaWait) -> fmt::Result {
    let bounds = QuotaWait::BOUNDS_MILLIS.iter().map(|millis| seconds(*millis));
    let bounds = bounds.chain([f64::INFINITY]);
    // Each with its own passes alone: the encoder adds up.
    let buckets: Vec<_> = bounds.zip(wait.buckets).collect();
    let (name, help) = ("quota_wait_seconds", "Wait of passes for their turn and the rate");
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    let sum = seconds(wait.total_millis);
    metric.encode_histogram::<NoLabelSet>(sum, wait.count, &buckets, None)
}

/// Exact up to 285,000 years.
#[allow(clippy::cast_precision_loss)]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.
}
