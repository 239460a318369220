//! `conv doctor`: is the store what it should be?

mod checks;
mod cloud;

use clap::builder::FalseyValueParser;
use conv_api::store::Recovery;
use serde::Serialize;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    output::{harmless::harmless, report, time},
    store::{Opened, Place},
};

/// Check the store, recount it, and compare it with the cloud when asked
///
/// Says what opening the store dropped or repaired, recounts every total, and compares the list's
/// order and indexes with a plain scan. With --cloud it pulls, which heals what can be healed, and
/// compares with a second pull that knows nothing of the store. Rows that damage took without a
/// trace only --cloud can miss. The exit code is 0 only if the store is sound in the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv doctor --account user_0001 --cloud --region singapore --sdkappid 1400000000")]
pub(crate) struct Args {
    /// Pull, and compare with the cloud
    #[arg(long, env = "CONV_CLOUD", value_parser = FalseyValueParser::new())]
    cloud: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    source: CloudArgs,
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// The `data` of the answer.
#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    sound: bool,
    findings: &'a [Finding],
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
    let Some(opened) = args.store.open_existing().await? else {
        return Err(Error::NotFound(format!("no store at {}", args.store.place()?)));
    };
    let snapshot = opened.store.snapshot();
    let coverage = report::coverage(&snapshot.report(), time::now());
    let mut findings = vec![opening(&opened), Finding::new("sync", true, coverage)];
    findings.extend(checks::all(&snapshot));
    if args.cloud {
        let healed = cloud::compare(&args.store, &args.source, opened).await?;
        findings.extend(healed.findings);
        findings.extend(checks::all(&healed.snapshot));
    } else {
        opened.store.close().await?;
    }
    judge(&findings, output)
}

/// What opening met. Rows come again with a pull; local state is nowhere else.
fn opening(opened: &Opened) -> Finding {
    let recovery = &opened.recovery;
    let mut met = vec![format!("{} opened", opened.place)];
    let mut tell = |is_met: bool, what: String| met.extend(is_met.then_some(what));
    let Recovery { dropped_rows, dropped_locals, removed_unfinished, .. } = recovery;
    tell(*dropped_rows > 0, format!("dropped {dropped_rows} rows that did not decode"));
    tell(*dropped_locals > 0, format!("dropped {dropped_locals} local states"));
    tell(recovery.dropped_state, "dropped the state of the sync".to_owned());
    tell(*removed_unfinished > 0, format!("removed {removed_unfinished} unfinished files"));
    tell(recovery.repaired, "repaired, and perhaps older than it was".to_owned());
    tell(recovery.rebuilt, "rebuilt, since its files had grown".to_owned());
    for path in recovery.set_aside.iter().chain(&recovery.local_set_aside) {
        tell(true, format!("set aside what was damaged: {}", path.display()));
    }
    Finding::new("opening", recovery.is_clean(), met.join("; "))
}

/// Says what was found. A pull heals lost rows, so the last word on each check counts.
fn judge(findings: &[Finding], output: &Output) -> Result<(), Error> {
    let is_last = |at: usize, check| findings.iter().skip(at + 1).all(|later| later.check != check);
    let unsound: Vec<_> = findings
        .iter()
        .enumerate()
        .filter(|(at, finding)| !finding.ok && is_last(*at, finding.check))
        .map(|(_, finding)| finding)
        .collect();
    if output.is_json() {
        let diagnosis = Diagnosis { sound: unsound.is_empty(), findings };
        return match unsound.first() {
            None => output.data(&diagnosis),
            Some(first) => Err(Error::Unsound(format!("{}: {}", first.check, first.detail))),
        };
    }
    let lines = findings.iter().map(|finding| {
        let verdict = if finding.ok { "ok  " } else { "BAD " };
        format!("{verdict} {:<8} {}", finding.check, harmless(&finding.detail))
    });
    output.text(&lines.collect::<Vec<_>>().join("\n"))?;
    match unsound.first() {
        None => output.text("the store is sound"),
        Some(first) => Err(Error::Unsound(format!("{}: {}", first.check, first.detail))),
    }
}
