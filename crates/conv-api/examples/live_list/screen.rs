//! Draws a terminal again with each update; any other output gets a line for each step.

use std::{
    io::{self, IsTerminal, Write, stdout},
    sync::Arc,
    time::Duration,
};

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use conv_api::{Conversation, LiveChange, LiveUpdate, Patch};

const CLEAR: &str = "\x1b[2J\x1b[H";

pub(crate) struct Screen {
    is_terminal: bool,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self { is_terminal: stdout().is_terminal() }
    }

    /// Returns the pause between two events, so that a reader can follow.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(if self.is_terminal { 1_000 } else { 60 })
    }

    pub(crate) fn show(
        &mut self,
        update: &LiveUpdate,
        rows: &[Arc<Conversation>],
    ) -> io::Result<()> {
        let mut out = stdout().lock();
        if self.is_terminal {
            writeln!(out, "{CLEAR}{}", table(rows))?;
        }
        match &update.change {
            LiveChange::Reset { rows } => writeln!(out, "the first {} rows", rows.len())?,
            LiveChange::Patch { patches } => {
                for patch in patches.iter() {
                    writeln!(out, "{}", line(patch))?;
                }
            }
            LiveChange::Sync { order, rows } => {
                writeln!(out, "the first {} rows, {} of them new", order.len(), rows.len())?
            }
        }
        let totals = update.totals;
        writeln!(out, "= {} conversations, {} unread", totals.conversations, totals.unread)
    }
}

fn line(patch: &Patch) -> String {
    match patch {
        Patch::Insert { index, row } => format!("+ {:2} {}", index, row.show_name()),
        Patch::Move { from, to, row } => format!("{from:2} > {to} {}", row.show_name()),
        Patch::Update { index, row } => format!("~ {:2} {}", index, row.show_name()),
        Patch::Remove { index, id, reason } => format!("- {index:2} {id}: {reason:?}"),
    }
}

fn table(rows: &[Arc<Conversation>]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_header(["", "name", "conversation"]);
    for row in rows {
        let pin = if row.listing.is_pinned { "^" } else { "" };
        table.add_row([pin, row.show_name(), row.id.as_str()]);
    }
    table
}
