//! The cost in numbers.

use std::{
    error::Error,
    io::{self, Write},
    time::{Duration, Instant},
};

use conv_api::{AccountId, Accounts, Refreshed};

/// The figures of the passes; `first` is when a user who came in the midst had a whole list, and
/// how many passes had ended by then.
pub(crate) fn print(
    accounts: &Accounts,
    refreshed: &Refreshed,
    took: Duration,
    first: (Duration, u64),
) -> io::Result<()> {
    let mut out = io::stdout();
    let stats = accounts.stats();
    writeln!(out, "{} lists complete, {} failed", refreshed.finished, refreshed.failed.len())?;
    writeln!(out, "{:.0} accounts a second", refreshed.finished as f64 / took.as_secs_f64())?;
    writeln!(out, "the user who came last waited {:.0?}, for {} passes", first.0, first.1)?;
    writeln!(out, "memory of the process: {} MB", resident() / 1_000_000)?;
    // The numbers that an exporter of metrics would send.
    writeln!(out, "{}\n", serde_json::to_string_pretty(&stats).unwrap_or_default())
}

/// Visits each account once more: most were evicted, and come back from the disk.
pub(crate) async fn visits(accounts: &Accounts, names: &[AccountId]) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let (begin, mut rows) = (Instant::now(), 0);
    for name in names {
        rows += accounts.open(name).await?.snapshot().len();
    }
    let each = begin.elapsed() / u32::try_from(names.len()).unwrap_or(u32::MAX).max(1);
    writeln!(out, "{} visits found {rows} rows, {each:.0?} each", names.len())?;
    writeln!(out, "memory of the process: {} MB", resident() / 1_000_000)?;
    Ok(())
}

/// The bytes that the system says this process has in memory; 0 where it does not say.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}
