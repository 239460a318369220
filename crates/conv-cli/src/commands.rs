//! The commands, one file each.

mod change;
mod demo;
mod doctor;
mod emulate;
mod group;
mod id;
mod list;
mod outbox;
mod profile;
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
            Self::Pin(args) => args.run(output).await,
            Self::Unpin(args) => args.run(output).await,
            Self::Mark(args) => args.run(output).await,
            Self::Unmark(args) => args.run(output).await,
            Self::CustomData(args) => args.run(output).await,
            Self::Read(args) => args.run(output).await,
            Self::Delete(args) => args.run(output).await,
            Self::Group(args) => group::run(args, output).await,
            Self::Outbox(args) => outbox::run(args, output).await,
            Self::Usersig(args) => usersig::run(args, output),
            Self::Id(args) => id::run(&args, output),
            Self::Doctor(args) => doctor::run(args, output).await,
            Self::Emulate(args) => emulate::run(args, output).await,
            Self::Demo(args) => demo::run(args, output).await,
        }
    }

    /// Returns true if the command runs until Ctrl-C, which is then a success.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Emulate(_) | Self::Watch(_))
    }
}
