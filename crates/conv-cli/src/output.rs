//! The output of commands: results on standard output, everything else on standard error.

pub(crate) mod changed;
pub(crate) mod changes;
pub(crate) mod counted;
pub(crate) mod harmless;
pub(crate) mod json;
pub(crate) mod progress;
pub(crate) mod recovery;
pub(crate) mod report;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod time;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use console::Term;
use serde::Serialize;
use tracing_subscriber::{filter::Targets, prelude::*};

use crate::{
    Error,
    args::{Color, OutputArgs},
};

use self::harmless::harmless;

/// The form of results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Follows the command line. Sets up colors and the log for the whole process.
    pub(crate) fn new(args: &OutputArgs, is_server: bool) -> Self {
        console::set_colors_enabled(colors(args.color, io::stdout().is_terminal()));
        console::set_colors_enabled_stderr(colors(args.color, io::stderr().is_terminal()));
        log_to_stderr(args.verbose, is_server);
        Self { json: args.json }
    }

    /// Returns true if results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Returns the terminal's width in columns, if standard output is a terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        Term::stdout().size_checked().map(|(_, columns)| columns.into())
    }

    /// Returns the terminal's height in lines, if standard output is a terminal.
    pub(crate) fn height(&self) -> Option<usize> {
        Term::stdout().size_checked().map(|(lines, _)| lines.into())
    }

    /// Prints the one document of `--json`: `{"code":0,"data":…}`.
    pub(crate) fn data(&self, data: &impl Serialize) -> Result<(), Error> {
        json::line(&mut io::stdout().lock(), &json::Answer { code: 0, data })
    }

    /// Prints a text for people.
    pub(crate) fn text(&self, text: &str) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        Ok(stdout.flush()?)
    }

    /// Prints a remark for people, apart from the result.
    pub(crate) fn note(&self, text: &str) {
        // If standard error is closed, there is nowhere to report that.
        let _ = writeln!(io::stderr().lock(), "conv: {}", harmless(text));
    }

    /// Prints the error of a command and returns the exit code. Prints nothing if the reader is
    /// gone.
    pub(crate) fn failure(&self, error: &Error) -> ExitCode {
        if error.is_broken_pipe() {
            return ExitCode::SUCCESS;
        }
        if self.json {
            // If standard output is closed, there is nowhere to report that.
            let _ = json::line(&mut io::stdout().lock(), &json::Failure::of(error));
        } else {
            self.note(&error.words());
        }
        ExitCode::from(error.exit_code())
    }
}

fn colors(when: Color, is_terminal: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb,
    }
}

/// Logs the work of the crates, with `-v` each call to the cloud with its duration. Without it nothing,
/// but for a server: warnings, with the number of the request that they belong to, and the ends of
/// outages.
fn log_to_stderr(verbose: u8, is_server: bool) {
    use tracing_subscriber::{filter::LevelFilter, fmt::format::FmtSpan};

    let (level, spans) = match verbose {
        0 if is_server => (LevelFilter::WARN, FmtSpan::NONE),
        0 => return,
        1 => (LevelFilter::DEBUG, FmtSpan::CLOSE),
        _ => (LevelFilter::TRACE, FmtSpan::CLOSE),
    };
    let ours = ["conv_model", "conv_store", "conv_store_redis", "conv_sync"];
    let ours = Targets::new().with_targets(ours.map(|target| (target, level)));
    // The number of a request is in its span, which is of this level; so is the end of an outage.
    let spoken = level.max(LevelFilter::INFO);
    let ours = ours.with_targets([("conv_api", spoken), ("conv_gateway", spoken)]);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).without_time();
    let lines = lines.with_span_events(spans).with_ansi(console::colors_enabled_stderr());
    // Only a second call could fail, and it would find the log already set up.
    let _ = tracing_subscriber::registry().with(lines.with_filter(ours)).try_init();
}
