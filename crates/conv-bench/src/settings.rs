//! The command line.

use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::{gateway::How, machine};

/// Measures conv beside its peers and beside bare floors, in turn; prints tables and says which
/// goals are met.
#[derive(Debug, Parser)]
#[command(name = "conv-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only works whose name has one of these in it
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Sizes of the lists, instead of those of each work that has several
    #[arg(long, value_delimiter = ',', value_name = "COUNT")]
    rows: Vec<usize>,
    /// No longer lists than this
    #[arg(long, default_value_t = usize::MAX, value_name = "COUNT")]
    most: usize,
    /// The number of turns of each entrant
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Short lists and few rounds: whether everything runs, not how fast
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/performance.md and the plots into docs/plots
    #[arg(long)]
    write: bool,
}

/// The other commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Counts instructions, and compares them with the committed baseline
    Instructions {
        /// Makes them the baseline
        #[arg(long)]
        write: bool,
    },
    /// Puts load on a gateway, in a process of its own, and measures what that takes
    Gateway(How),
    /// Of a load: serves
    #[command(hide = true)]
    GatewayServer { options: String },
    /// Of a run: serves as the cloud
    #[command(hide = true)]
    Cloud { rows: usize, accounts: usize },
    /// Of a run: counts the bytes that an entrant writes
    #[command(hide = true)]
    Written { entrant: String, what: String, rows: usize },
    /// Of a count: does the work
    #[command(hide = true)]
    Count { work: String, calls: usize },
}

/// The sizes of the measurements.
#[derive(Clone, Debug)]
pub struct Settings {
    pub command: Option<Command>,
    pub only: Vec<String>,
    rows: Vec<usize>,
    most: usize,
    pub rounds: usize,
    pub quick: bool,
    pub write: bool,
    /// An entrant that has taken longer than this skips its further rounds.
    pub budget: Duration,
    /// True to wait until neighbours on the same core are quiet.
    pub is_patient: bool,
}

impl Settings {
    pub fn of_arguments() -> Self {
        let Arguments { command, only, rows, most, rounds, quick, write } = Arguments::parse();
        let rounds = if quick { rounds.min(3) } else { rounds };
        let budget = if quick { Duration::ZERO } else { Duration::from_secs(3) };
        let is_patient = !quick;
        Self { command, only, rows, most, rounds, quick, write, budget, is_patient }
    }

    /// The sizes to measure, of those that a work is made for.
    pub fn sizes(&self, usual: &[usize]) -> Vec<usize> {
        let usual = if self.rows.is_empty() || usual.len() < 2 { usual } else { &self.rows };
        let most = if self.quick { 1_000 } else { most_rows() }.min(self.most);
        let mut sizes: Vec<_> = usual.iter().map(|rows| *rows.min(&most)).collect();
        sizes.dedup();
        sizes
    }

    /// Returns true if everything is measured.
    pub fn is_whole(&self) -> bool {
        self.only.is_empty() && self.rows.is_empty() && !self.quick
    }

    pub fn is_asked(&self, work: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| work.contains(part.as_str()))
    }
}

/// As many as fit the memory, all entrants together.
fn most_rows() -> usize {
    const BYTES: usize = 6_000;
    machine::free_memory()
        .map_or(100_000, |free| if free / BYTES > 1_000_000 { usize::MAX } else { 100_000 })
}
