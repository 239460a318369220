//! Describes a report.

use conv_api::{Coverage, Facet, ListLimit, PassStatus, SyncReport, Timestamp};

use super::{counted::counted, time::ago};

/// The maximum number of rows of a kind that are listed one by one.
const NAMED: usize = 5;

/// Describes how complete the list is.
pub(crate) fn coverage(report: &SyncReport, now: Timestamp) -> String {
    let at = report.as_of.map(|moment| ago(moment, now));
    match (report.coverage, at) {
        (Coverage::Empty, _) => "nothing pulled yet".to_owned(),
        (Coverage::CacheOnly, Some(at)) => format!("from the cache, which was complete {at}"),
        // Either no pass has finished yet, or the cloud gave no time.
        (Coverage::CacheOnly, None) => "from the cache".to_owned(),
        (Coverage::Complete, Some(at)) if at != "now" => format!("complete {at}"),
        (Coverage::Complete, _) => "complete".to_owned(),
        _ => "not complete".to_owned(),
    }
}

/// Describes the limits of the list, skipped rows with their reason, and missing parts, one line each.
pub(crate) fn remarks(report: &SyncReport) -> Vec<String> {
    let mut lines: Vec<String> = report.limit.iter().map(limit).collect();
    let skipped = report.skipped.iter().map(|row| match &row.id {
        Some(id) => format!("skipped {id}: {}", row.reason),
        None => format!("skipped a row: {}", row.reason),
    });
    lines.extend(some_of(skipped, report.skipped.len(), "row", "skipped"));
    let kept = report.unconfirmed.iter().map(|id| format!("kept {id}, which no listing confirmed"));
    lines.extend(some_of(kept, report.unconfirmed.len(), "row", "kept"));
    lines.extend(report.broken_promises.iter().map(|words| format!("broken promise: {words}")));
    let failed = report
        .failed
        .iter()
        .map(|failed| format!("no {} of {}: {}", facet(failed.facet), failed.id, failed.class));
    lines.extend(some_of(failed, report.failed.len(), "value", "not read"));
    if !report.not_fetched.is_empty() {
        let names: Vec<_> = report.not_fetched.iter().copied().map(facet).collect();
        lines.push(format!("some rows lack: {}", names.join(", ")));
    }
    lines.extend(failure(report));
    lines
}

/// Describes why the last pass failed, if it did.
pub(crate) fn failure(report: &SyncReport) -> Option<String> {
    match &report.pass {
        PassStatus::Failed(failure) => Some(format!("the last pull failed: {}", failure.message)),
        _ => None,
    }
}

fn limit(limit: &ListLimit) -> String {
    match limit {
        ListLimit::Capped(rows) => format!("limited: the plan gives the newest {rows}"),
        ListLimit::Retention(seconds) => {
            format!("limited: the cloud keeps a conversation {} days", seconds / 86_400)
        }
        _ => format!("limited: {limit}"),
    }
}

fn facet(facet: Facet) -> &'static str {
    match facet {
        Facet::Profile => "name",
        Facet::Unread => "unread count",
        Facet::LastMessage => "last message",
        _ => "value",
    }
}

/// Returns the first few lines, and the number of further ones.
fn some_of(
    lines: impl Iterator<Item = String>,
    count: usize,
    noun: &str,
    what: &str,
) -> impl Iterator<Item = String> {
    let more = count.saturating_sub(NAMED);
    let rest = (more > 0).then(|| format!("and {} {what}", counted(more, &format!("more {noun}"))));
    lines.take(NAMED).chain(rest)
}
