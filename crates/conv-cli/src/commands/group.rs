//! `conv group`: conversation groups.

mod list;

use clap::Subcommand;
use conv_api::{Accepted, ConversationId, Conversations};

use super::change::{ChangeArgs, Targets};
use crate::{Error, Output, output::changed::What};

/// List, create, rename, delete and fill conversation groups
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
    List(list::Args),
    Create(Create),
    Add(Add),
    Remove(Remove),
    Rename(Rename),
    Delete(Delete),
}

/// Create a group with conversations in it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group create Suppliers C2Calice GROUPteam --account user_0001")]
struct Create {
    #[command(flatten)]
    members: Members,
}

/// Add conversations to a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group add Suppliers C2Calice --account user_0001")]
struct Add {
    #[command(flatten)]
    members: Members,
}

/// Remove conversations from a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group remove Suppliers C2Calice --account user_0001")]
struct Remove {
    #[command(flatten)]
    members: Members,
}

/// A group, and conversations.
#[derive(Debug, clap::Args)]
struct Members {
    /// The group's name, 1 to 32 bytes
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: Targets,
}

/// Rename a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group rename Suppliers Partners --account user_0001")]
struct Rename {
    /// Its name
    #[arg(value_name = "OLD")]
    old: String,
    /// Its new name, 1 to 32 bytes
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Delete a group; its conversations stay
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group delete Suppliers --account user_0001")]
struct Delete {
    /// The group's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Args {
    /// Returns true if the command changes the list.
    pub(crate) fn changes(&self) -> bool {
        !matches!(self.group, Group::List(_))
    }
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    match args.group {
        Group::List(args) => list::run(args, output).await,
        Group::Create(Create { members: Members { name, of } }) => {
            let create = async |list: &Conversations, ids: &[ConversationId]| {
                list.create_conversation_group(ids, &name).await
            };
            of.make("added", output, create).await
        }
        Group::Add(Add { members: Members { name, of } }) => {
            let add = async |list: &Conversations, ids: &[ConversationId]| {
                list.add_conversations_to_group(ids, &name).await
            };
            of.make("added", output, add).await
        }
        Group::Remove(Remove { members: Members { name, of } }) => {
            let remove = async |list: &Conversations, ids: &[ConversationId]| {
                list.delete_conversations_from_group(ids, &name).await
            };
            of.make("removed", output, remove).await
        }
        Group::Rename(Rename { old, new, change }) => {
            let rename = async |list: &Conversations| {
                list.rename_conversation_group(&old, &new).await.map(Accepted::from)
            };
            let what = What::Whole(format!("renamed group {old} to {new}"));
            change.make(what, output, rename).await
        }
        Group::Delete(Delete { name, change }) => {
            let delete = async |list: &Conversations| {
                list.delete_conversation_group(&name).await.map(Accepted::from)
            };
            change.make(What::Whole(format!("deleted group {name}")), output, delete).await
        }
    }
}
