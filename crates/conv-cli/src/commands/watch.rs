//! `conv watch`: follows the list as it changes.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use clap::value_parser;
use console::Term;
use conv_api::{
    Conversation, Conversations, ErrorClass, LiveList, LiveUpdate, SourceError, StoreError,
};

use super::list::RowArgs;
use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs, clean::cleaned},
    output::{counted::counted, json, report, screen::Screen, table, time},
    session,
};

/// Follow the list as it changes
///
/// Pulls repeatedly and shows the changes: on a terminal as a table that redraws only changed
/// lines, else as one JSON object per line: first {"type":"reset","rows":[…],…}, then
/// {"type":"patch","patches":[…],…}. Ctrl-C ends it. While the cloud or the network fails, it waits
/// with a back-off and reports that once; a wrong key, app or option ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv watch --account user_0001 --region singapore --sdkappid 1400000000 --unread
  conv watch --account user_0001 --region singapore --sdkappid 1400000000 --json | jq .totals")]
pub(crate) struct Args {
    #[command(flatten)]
    rows: RowArgs,
    /// Maximum number of rows, from the top; default on a terminal: as many as fit
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Seconds between two pulls
    #[arg(long, env = "CONV_EVERY", value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = cleaned(value_parser!(u64).range(1..)))]
    every: u64,
    /// End after this many updates
    #[arg(long, value_name = "N")]
    updates: Option<NonZeroUsize>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// The interval at which a table's times and its last line are updated.
const TICK: Duration = Duration::from_secs(1);
/// The maximum pause after failures, unless `--every` is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The lines of a table without its rows: a header, the last lines, the prompt.
const OTHER_LINES: usize = 6;

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let source = args.cloud.required()?;
    let conversations = session::open(&args.store, &args.cloud, source, output).await?;
    let height = output.height().filter(|_| !output.is_json());
    let fits = height.map(|lines| lines.saturating_sub(OTHER_LINES).max(1));
    let live = conversations.subscribe(args.rows.query());
    let live = match args.limit.map(NonZeroUsize::get).or(fits) {
        Some(rows) => live.window(rows),
        None => live,
    };
    let every = Duration::from_secs(args.every);
    let updates = args.updates.map_or(usize::MAX, NonZeroUsize::get);
    let ended = tokio::select! {
        ended = follow(live, &conversations, updates, height.is_some()) => ended,
        hopeless = pull_again_and_again(&conversations, every, height.is_some(), output) => hopeless,
    };
    conversations.close().await?;
    ended
}

/// Pulls until the first failure that waiting cannot fix.
async fn pull_again_and_again(
    conversations: &Conversations,
    every: Duration,
    is_table: bool,
    output: &Output,
) -> Result<(), Error> {
    let mut trouble = None;
    loop {
        let pause = match conversations.sync().await {
            Err(error) if !may_mend(&error) => return Err(error.into()),
            Err(error) => {
                let met = Trouble::after(trouble.as_ref(), &error);
                // In a table, the last line shows it as long as it lasts.
                if met.failures == 1 && !is_table {
                    let words = Error::from(error).words();
                    output.note(&format!("waiting for the cloud: {words}"));
                }
                trouble.insert(met).pause(every)
            }
            Ok(_) => {
                if trouble.take().is_some() && !is_table {
                    output.note("the cloud answers again");
                }
                every
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn follow(
    mut live: LiveList,
    conversations: &Conversations,
    updates: usize,
    is_table: bool,
) -> Result<(), Error> {
    let mut table = Table::default();
    let mut tick = tokio::time::interval(TICK);
    let mut seen = 0;
    while seen < updates {
        tokio::select! {
            update = live.next() => {
                let Some(update) = update else { return Ok(()) };
                seen += 1;
                if is_table {
                    table.take(update)?;
                } else {
                    json::line(&mut io::stdout().lock(), &update)?;
                    continue;
                }
            }
            _ = tick.tick(), if is_table => {}
        }
        table.paint(conversations)?;
    }
    Ok(())
}

/// Consecutive failures.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    reason: (ErrorClass, i32),
    /// Consecutive failures for this reason, at least 1.
    failures: u32,
    /// Consecutive failures for any reason, at least 1.
    in_a_row: u32,
}

impl Trouble {
    fn after(before: Option<&Self>, error: &conv_api::Error) -> Self {
        let reason = (error.class(), error.code());
        let same = before.filter(|before| before.reason == reason);
        let failures = same.map_or(0, |before| before.failures).saturating_add(1);
        let in_a_row = before.map_or(0, |before| before.in_a_row).saturating_add(1);
        Self { reason, failures, in_a_row }
    }

    /// Returns the pause, which doubles with each failure so as not to burden a failing cloud.
    fn pause(&self, every: Duration) -> Duration {
        let factor = 2_u32.saturating_pow(self.in_a_row.min(16));
        every.saturating_mul(factor).min(LONGEST_PAUSE.max(every))
    }
}

/// Returns true if the same pull may succeed later, without any change here.
///
/// The cloud answers every call with status 200. Any other status comes from something in between,
/// such as a hotel's login page: once the user has logged in there, the list goes on.
fn may_mend(error: &conv_api::Error) -> bool {
    // A store that opened read-only stays so until it is opened again.
    let is_read_only = matches!(error, conv_api::Error::Store(StoreError::ReadOnly { .. }));
    let is_http = matches!(error, conv_api::Error::Source(SourceError::Http { .. }));
    !is_read_only && (error.may_succeed_later() || is_http)
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Arc<Conversation>>,
    of: u64,
    screen: Screen,
}

impl Table {
    fn take(&mut self, update: LiveUpdate) -> Result<(), Error> {
        self.of = update.totals.conversations;
        update.apply(&mut self.rows).map_err(io::Error::other)?;
        Ok(())
    }

    fn paint(&mut self, conversations: &Conversations) -> Result<(), Error> {
        let (now, report) = (time::now(), conversations.sync_report());
        let width = Term::stdout().size().1.into();
        let rows = self.rows.iter().map(|row| &**row);
        let mut lines = table::lines(rows, now, Some(width));
        let coverage = report::coverage(&report, now);
        let of = counted(usize::try_from(self.of).unwrap_or(usize::MAX), "row");
        lines.push(format!("{} of {of}, {coverage}", self.rows.len()));
        lines.extend(report::failure(&report));
        let cut = lines.iter().map(|line| console::truncate_str(line, width, "").into_owned());
        let painted = self.screen.paint(cut.collect());
        let mut stdout = io::stdout().lock();
        stdout.write_all(painted.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use conv_api::StoreError;

    use super::*;

    fn http(status: u16) -> conv_api::Error {
        SourceError::Http { status, retry_after: None }.into()
    }

    #[test]
    fn pauses_grow_with_failures_for_any_reason_and_have_an_end() {
        let every = Duration::from_secs(10);
        let mut trouble = None;
        let errors =
            [http(404), http(502), SourceError::TimedOut.into(), SourceError::TimedOut.into()];
        let pauses = errors.map(|error| {
            let met = Trouble::after(trouble.as_ref(), &error);
            (met.failures, trouble.insert(met).pause(every).as_secs())
        });
        // Whatever a proxy answers in the cloud's place is one reason: it is reported once.
        assert_eq!(pauses, [(1, 20), (2, 40), (1, 80), (2, 160)]);
        let long = Trouble { reason: (ErrorClass::Cloud, 1), failures: 99, in_a_row: 99 };
        assert_eq!(long.pause(every), LONGEST_PAUSE);
        assert_eq!(long.pause(2 * LONGEST_PAUSE), 2 * LONGEST_PAUSE);
    }

    #[test]
    fn only_what_waiting_cannot_mend_is_final() {
        for status in [302, 401, 403, 404, 429, 502] {
            assert!(may_mend(&http(status)), "{status}");
        }
        let html = SourceError::Protocol { what: "HTML".to_owned() };
        assert!(may_mend(&html.into()) && may_mend(&SourceError::TimedOut.into()));
        let bad = SourceError::InvalidArgument { what: "account".to_owned() };
        assert!(!may_mend(&bad.into()) && !may_mend(&conv_api::Error::NoSource));
        assert!(!may_mend(&StoreError::Closed.into()));
        let reading = StoreError::remote(ErrorClass::Store, io::Error::other("memory is full"));
        assert!(may_mend(&reading.into()));
        let signer: Box<dyn std::error::Error + Send + Sync> = "service is down".into();
        assert!(may_mend(&SourceError::Signer(signer.into()).into()), "it may be up again");
    }
}
