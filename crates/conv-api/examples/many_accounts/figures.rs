//! The cost in numbers.

use std::time::{Duration, Instant};

use conv_api::{AccountId, Accounts, Error, Refreshed};

/// The figures of the passes; `first` is when a user who came in the midst had a whole list, and
/// how many passes had ended by then.
pub(crate) fn print(
    accounts: &Accounts,
    refreshed: &Refreshed,
    took: Duration,
    first: (Duration, u64),
) {
    let stats = accounts.stats();
    println!("{} lists complete, {} failed", refreshed.finished, refreshed.failed.len());
    println!("{:.0} accounts a second", refreshed.finished as f64 / took.as_secs_f64());
    println!("the user who came last waited {:.0?}, for {} passes", first.0, first.1);
    println!("memory of the process: {} MB", resident() / 1_000_000);
    // The numbers that an exporter of metrics would send.
    println!("{}\n", serde_json::to_string_pretty(&stats).unwrap_or_default());
}

/// Visits each account once more: most were evicted, and come back from the disk.
pub(crate) async fn visits(accounts: &Accounts, names: &[AccountId]) -> Result<(), Error> {
    let (begin, mut rows) = (Instant::now(), 0);
    for name in names {
        rows += accounts.open(name).await?.snapshot().len();
    }
    let each = begin.elapsed() / u32::try_from(names.len()).unwrap_or(u32::MAX).max(1);
    println!("{} visits found {rows} rows, {each:.0?} each", names.len());
    println!("memory of the process: {} MB", resident() / 1_000_000);
    Ok(())
}

/// The bytes that the system says this process has in memory; 0 where it does not say.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}
