//! `conv`: a chat user's conversation list in a terminal. See `conv --help`.

mod args;
mod cloud;
mod commands;
mod error;
mod interrupt;
mod output;
mod sending;
mod session;
mod store;

use std::process::ExitCode;

use self::{args::Cli, commands::Command, error::Error, output::Output};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let output = Output::new(&cli.output);
    match run(cli.command, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.failure(&error),
    }
}

fn run(command: Command, output: &Output) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(until_interrupted(command, output))
}

/// Runs the command. Ctrl-C drops it: a page being written is written whole or not at all, and a
/// progress bar removes itself from the terminal. A command that changes the list waits for Ctrl-C
/// itself, and says how far its changes have come.
async fn until_interrupted(command: Command, output: &Output) -> Result<(), Error> {
    if command.minds_interrupts() {
        return command.run(output).await;
    }
    let serves = command.serves();
    tokio::select! {
        biased;
        result = command.run(output) => result,
        signal = tokio::signal::ctrl_c() => match signal {
            Ok(()) if serves => Ok(()),
            Ok(()) => Err(Error::Interrupted("interrupted; the rows pulled so far are kept".to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}
