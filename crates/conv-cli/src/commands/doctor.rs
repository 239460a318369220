//! `conv doctor`: checks the store.

mod checks;
mod cloud;
mod difference;
mod heal;

use conv_api::Snapshot;
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs, switch},
    cloud::pulled_within,
    output::{harmless::harmless, recovery, time},
    store::{Opened, Place},
};

/// Check the store, recount it, and optionally compare it with the cloud
///
/// Reports what opening the store dropped or repaired, recounts every total, and compares the
/// list's order and indexes with a plain scan. With --cloud it also reads the cloud's list, within
/// the limit that the store was pulled with, and reports rows that the last finished pull must have
/// brought and that are missing. Later changes in the cloud are not an error. Only --heal changes
/// the store: it pulls, and compares again. The exit code is 0 only if the store is intact at the
/// end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv doctor --account user_0001 --cloud --region singapore --sdkappid 1400000000
  conv doctor --account user_0001 --heal --region singapore --sdkappid 1400000000")]
pub(crate) struct Args {
    /// Compare with the cloud; changes nothing
    #[arg(long, env = "CONV_CLOUD", value_parser = switch())]
    cloud: bool,
    /// Pull into the store, then compare with the cloud
    #[arg(long)]
    heal: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    source: CloudArgs,
}

/// The result of a check.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    /// True if everything was checked and is intact in the end.
    sound: bool,
    checks: &'a [Finding],
}

impl Finding {
    fn new(check: &'static str, ok: bool, detail: impl Into<String>) -> Self {
        Self { check, ok, detail: detail.into() }
    }
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    if args.store.place()? == Place::Memory {
        return Err(Error::Unsupported("a check of memory:, which begins empty"));
    }
    let opened = args.store.open_to_read().await?;
    let mut findings = Vec::new();
    let looked = look(&args, opened, &mut findings, output).await;
    report(&findings, looked, output)
}

/// Makes every check that is asked for. Findings made before an error are kept.
async fn look(
    args: &Args,
    opened: Opened,
    findings: &mut Vec<Finding>,
    output: &Output,
) -> Result<(), Error> {
    let snapshot = opened.store.snapshot();
    let lost = recovery::lost(&opened.recovery);
    let coverage = recovery::coverage(&snapshot.report(), &lost, time::now());
    findings.extend([opening(&opened), Finding::new("sync", true, coverage)]);
    findings.extend(checks::all(&snapshot));
    if args.cloud || args.heal {
        note_limit(args, &snapshot, output);
    }
    if args.heal {
        let (healed, snapshot) = heal::run(args, opened).await?;
        findings.extend(healed);
        findings.extend(checks::all(&snapshot));
    } else {
        opened.store.close().await?;
        if args.cloud {
            findings.push(cloud::compare(args, &snapshot).await?);
        }
    }
    Ok(())
}

/// Returns the limit for a check, which never shortens a list.
fn note_limit(args: &Args, held: &Snapshot, output: &Output) {
    if let (Some(pulled), Some(given)) = (pulled_within(held), args.source.plan_limit) {
        if pulled != given {
            let words = "the check keeps to the limit that the store was pulled with";
            output.note(&format!("{words}: {pulled}, not {given}"));
        }
    }
}

/// Returns what opening the store found. A pull brings rows back; local state exists nowhere else.
fn opening(opened: &Opened) -> Finding {
    let mut met = vec![format!("{} opened", opened.place)];
    met.extend(recovery::words(&opened.recovery));
    Finding::new("opening", opened.recovery.is_clean(), met.join("; "))
}

/// Prints the findings; `looked` is the failure that ended the checks early, if any.
fn report(findings: &[Finding], looked: Result<(), Error>, output: &Output) -> Result<(), Error> {
    let verdict = looked.and_then(|()| judge(findings));
    if output.is_json() {
        let diagnosis = Diagnosis { sound: verdict.is_ok(), checks: findings };
        let Err(error) = verdict else { return output.data(&diagnosis) };
        let data = serde_json::to_value(&diagnosis).map_err(std::io::Error::from)?;
        return Err(Error::With { error: Box::new(error), data });
    }
    let lines = findings.iter().map(|finding| {
        let verdict = if finding.ok { "ok  " } else { "BAD " };
        format!("{verdict} {:<8} {}", finding.check, harmless(&finding.detail))
    });
    output.text(&lines.collect::<Vec<_>>().join("\n"))?;
    verdict?;
    output.text("the store is intact")
}

/// Returns the first fault. A pull restores lost rows, so the last finding of each check counts.
fn judge(findings: &[Finding]) -> Result<(), Error> {
    let is_last = |at: usize, check| findings.iter().skip(at + 1).all(|later| later.check != check);
    let mut unsound =
        findings.iter().enumerate().filter(|(at, found)| !found.ok && is_last(*at, found.check));
    match unsound.next() {
        None => Ok(()),
        Some((_, first)) => Err(Error::Unsound(format!("{}: {}", first.check, first.detail))),
    }
}
