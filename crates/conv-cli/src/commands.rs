//! The commands, one file each.

mod change;
mod demo;
mod doctor;
mod emulate;
mod group;
mod id;
mod list;
mod mark;
mod outbox;
mod profile;
mod serve;
mod sync;
mod usersig;
mod watch;

use clap::Subcommand;

use crate::{Error, Output};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sync(sync::Args),
    List(list::Args),
    Profile(profile::Args),
    Watch(watch::Args),
    Pin(change::Pin),
    Unpin(change::Unpin),
    Mark(change::Mark),
    Unmark(change::Unmark),
    CustomData(change::CustomData),
    Read(change::Read),
    Delete(change::Delete),
    Group(group::Args),
    Outbox(outbox::Args),
    Usersig(usersig::Args),
    Id(id::Args),
    Doctor(doctor::Args),
    Serve(Box<serve::Args>),
    Emulate(emulate::Args),
    Demo(demo::Args),
}

impl Command {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        match self {
            Self::Sync(args) => sync::run(args, output).await,
            Self::List(args) => list::run(args, output).await,
            Self::Profile(args) => profile::run(args, output).await,
            Self::Watch(args) => watch::run(args, output).await,
            Self::Pin(args) => change::pin(args.to, true, output).await,
            Self::Unpin(args) => change::pin(args.to, false, output).await,
            Self::Mark(args) => change::mark(args.marked, true, output).await,
            Self::Unmark(args) => change::mark(args.marked, false, output).await,
            Self::CustomData(args) => change::custom_data(args, output).await,
            Self::Read(args) => change::read(args, output).await,
            Self::Delete(args) => change::delete(args, output).await,
            Self::Group(args) => group::run(args, output).await,
            Self::Outbox(args) => outbox::run(args, output).await,
            Self::Usersig(args) => usersig::run(args, output),
            Self::Id(args) => id::run(&args, output),
            Self::Doctor(args) => doctor::run(args, output).await,
            Self::Serve(args) => serve::run(*args, output).await,
            Self::Emulate(args) => emulate::run(args, output).await,
            Self::Demo(args) => demo::run(args, output).await,
        }
    }

    /// Returns true if the command itself reports the state that Ctrl-C leaves.
    pub(crate) fn minds_interrupts(&self) -> bool {
        match self {
            Self::Pin(_)
            | Self::Unpin(_)
            | Self::Mark(_)
            | Self::Unmark(_)
            | Self::CustomData(_)
            | Self::Read(_)
            | Self::Delete(_)
            | Self::Serve(_) => true,
            Self::Group(args) => args.changes(),
            Self::Outbox(args) => args.sends(),
            _ => false,
        }
    }

    /// Returns true if the command answers many callers at once: it uses all processors, and logs
    /// warnings even if no log is asked for.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Serve(_))
    }

    /// Returns true if the command runs until Ctrl-C, which is then a success.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Emulate(_) | Self::Watch(_))
    }
}
