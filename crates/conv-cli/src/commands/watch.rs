//! `conv watch`: the list as it changes.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use console::Term;
use conv_api::{Conversation, Conversations, LiveList, LiveUpdate};

use super::list::RowArgs;
use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    output::{json, report, screen::Screen, table, time},
    session,
};

/// Follow the list as it changes
///
/// Pulls again and again, and shows what changes: on a terminal a table that redraws only the
/// lines that changed, else one JSON object a line: first {"type":"reset","rows":[…],…}, then
/// {"type":"patch","patches":[…],…}. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv watch --account user_0001 --region singapore --sdkappid 1400000000 --unread
  conv watch --account user_0001 --region singapore --sdkappid 1400000000 --json | jq .totals")]
pub(crate) struct Args {
    #[command(flatten)]
    rows: RowArgs,
    /// At most so many rows, from the top; on a terminal as many as it shows
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Seconds between two pulls
    #[arg(long, env = "CONV_EVERY", value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// End after so many updates
    #[arg(long, value_name = "N")]
    updates: Option<NonZeroUsize>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// How often a table's times and its last line are looked at again.
const TICK: Duration = Duration::from_secs(1);
/// What stands in a table besides rows: a header, the last lines, the prompt.
const OTHER_LINES: usize = 6;

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let source = args.cloud.required()?;
    let conversations = session::open(&args.store, &args.cloud, source).await?;
    let height = output.height().filter(|_| !output.is_json());
    let fits = height.map(|lines| lines.saturating_sub(OTHER_LINES).max(1));
    let live = conversations.subscribe(args.rows.query()).map_err(Error::from)?;
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

/// Ends with the first failure that waiting does not mend.
async fn pull_again_and_again(
    conversations: &Conversations,
    every: Duration,
    is_table: bool,
    output: &Output,
) -> Result<(), Error> {
    loop {
        match conversations.sync().await {
            Ok(_) => {}
            Err(error) if !error.class().is_retryable() => return Err(error.into()),
            Err(error) if !is_table => output.note(&Error::from(error).words()),
            // The table's last line says so.
            Err(_) => {}
        }
        tokio::time::sleep(every).await;
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
        lines.push(format!("{} of {} rows, {coverage}", self.rows.len(), self.of));
        lines.extend(report::failure(&report));
        let cut = lines.iter().map(|line| console::truncate_str(line, width, "").into_owned());
        let painted = self.screen.paint(cut.collect());
        let mut stdout = io::stdout().lock();
        stdout.write_all(painted.as_bytes())?;
        Ok(stdout.flush()?)
    }
}
