//! `conv group`: changes of conversation groups.

use clap::Subcommand;
use conv_api::{Accepted, Conversations};

use super::change::{ChangeArgs, Ids};
use crate::{Error, Output};

/// Create, rename, delete and fill conversation groups
///
/// Groups need the app's Pro edition or a higher one. Like `conv pin`, a change is shown at once and
/// sent if a cloud is named.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    group: Group,
}

#[derive(Debug, Subcommand)]
enum Group {
    Create(Filled),
    Add(Added),
    Remove(Removed),
    Rename(Renamed),
    Delete(Deleted),
}

/// Create a group with conversations in it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group create Suppliers C2Calice GROUPteam --account user_0001")]
struct Filled {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Add conversations to a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group add Suppliers C2Calice --account user_0001")]
struct Added {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Remove conversations from a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group remove Suppliers C2Calice --account user_0001")]
struct Removed {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Rename a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group rename Suppliers Partners --account user_0001")]
struct Renamed {
    /// Its name
    #[arg(value_name = "OLD")]
    old: String,
    /// Its new name
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Delete a group; its conversations stay
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group delete Suppliers --account user_0001")]
struct Deleted {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, clap::Args)]
struct Name {
    /// The group's name, 1 to 32 bytes
    #[arg(value_name = "NAME")]
    name: String,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    match args.group {
        Group::Create(Filled { name: Name { name }, ids, change }) => {
            let create =
                async |list: &Conversations| list.create_conversation_group(&ids.ids, &name).await;
            change.make("added", output, create).await
        }
        Group::Add(Added { name: Name { name }, ids, change }) => {
            let add =
                async |list: &Conversations| list.add_conversations_to_group(&ids.ids, &name).await;
            change.make("added", output, add).await
        }
        Group::Remove(Removed { name: Name { name }, ids, change }) => {
            let remove = async |list: &Conversations| {
                list.delete_conversations_from_group(&ids.ids, &name).await
            };
            change.make("removed", output, remove).await
        }
        Group::Rename(Renamed { old, new, change }) => {
            let rename = async |list: &Conversations| {
                list.rename_conversation_group(&old, &new).await.map(Accepted::from)
            };
            change.make("renamed", output, rename).await
        }
        Group::Delete(Deleted { name: Name { name }, change }) => {
            let delete = async |list: &Conversations| {
                list.delete_conversation_group(&name).await.map(Accepted::from)
            };
            change.make("deleted", output, delete).await
        }
    }
}
