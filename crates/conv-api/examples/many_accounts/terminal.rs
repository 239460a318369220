//! A progress bar over all accounts.

use std::time::Duration;

use conv_api::Accounts;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar that follows the passes; without a terminal indicatif draws nothing.
pub(crate) fn follow(accounts: &Accounts, count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} accounts  {msg}") {
        bar.set_style(style);
    }
    let (moving, accounts) = (bar.clone(), accounts.clone());
    tokio::spawn(async move {
        while !moving.is_finished() {
            let stats = accounts.stats();
            moving.set_position(stats.passes_finished);
            moving.set_message(format!(
                "{} passes running, {} loaded with {} KB",
                stats.passes_running,
                stats.accounts_open,
                stats.loaded_bytes / 1024
            ));
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
    });
    bar
}
