//! The output on a terminal: a table that aligns names of any script, and a progress bar.

use std::{
    io::{self, Stdout, Write},
    sync::Arc,
    time::Duration,
};

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use conv_api::{Conversation, Conversations, Event, PassStatus};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar that follows the pass under way; without a terminal indicatif draws nothing.
pub(crate) fn progress_bar(conversations: &Conversations) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message("pulling");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos} rows") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(80));
    let (moving, mut events) = (bar.clone(), conversations.events());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let Event::SyncReportUpdated(report) = event else { continue };
            match report.pass {
                PassStatus::Running { phase, done, .. } => {
                    moving.set_message(format!("{phase:?}"));
                    moving.set_position(u64::from(done));
                }
                _ if report.is_sync_completed() => break,
                _ => {}
            }
        }
    });
    bar
}

pub(crate) fn print_table<'a>(
    out: &mut Stdout,
    title: &str,
    rows: impl Iterator<Item = &'a Arc<Conversation>>,
) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_header(["", "name", "conversation", "marks"]);
    for row in rows {
        let pin = if row.listing.is_pinned { "^" } else { "" };
        let marks = format!("{:?}", row.listing.marks);
        table.add_row([pin, row.show_name(), row.id.as_str(), &marks]);
    }
    writeln!(out, "{title}\n{table}\n")
}
