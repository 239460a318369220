//! `conv pin`, `unpin`, `mark`, `unmark`, `custom-data`, `read` and `delete`: changes of
//! conversations.

mod targets;

use clap::ValueEnum;
use conv_api::{
    Accepted, Change, ConversationId, ConversationType, Conversations, ErrorClass,
    FailedConversation, IfNewer, MarkType,
};

pub(crate) use self::targets::{ChangeArgs, Targets};
use super::mark::named;
use crate::{Error, Output, error::NOT_OFFERED};

/// Pin conversations
///
/// The list shows a change at once, also without a network. It is sent to the cloud if one is named;
/// else it waits in the store, and the next `conv sync` sends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv pin C2Calice GROUPteam --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Pin {
    #[command(flatten)]
    pub(super) to: Targets,
}

/// Unpin conversations
///
/// Like `conv pin`, the other way round.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv unpin C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Unpin {
    #[command(flatten)]
    pub(super) to: Targets,
}

/// Set a mark of conversations
///
/// Marks need the app's Pro edition or a higher one. Like `conv pin`, it is shown at once and sent
/// if a cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv mark star C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Mark {
    #[command(flatten)]
    pub(super) marked: Marked,
}

/// Clear a mark of conversations
///
/// Like `conv mark`, the other way round.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv unmark star C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Unmark {
    #[command(flatten)]
    pub(super) marked: Marked,
}

/// The mark, and the conversations that get or lose it.
#[derive(Debug, clap::Args)]
pub(crate) struct Marked {
    /// The mark: star, unread, fold, hide, one of your own from 2^32 to 2^63, or the SDK's number
    #[arg(value_name = "MARK", value_parser = named)]
    mark: MarkType,
    #[command(flatten)]
    to: Targets,
}

/// Set the app's own text of conversations
///
/// At most 256 bytes; an empty text clears it. Like `conv pin`, it is shown at once and sent if a
/// cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv custom-data 'vip' C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct CustomData {
    /// The text
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    to: Targets,
}

/// Mark conversations with users as read
///
/// Up to the newest message that the list shows. Conversations of groups are refused: the cloud can
/// only set the number of their unread messages. Like `conv pin`, it is shown at once and sent if a
/// cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv read C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Read {
    #[command(flatten)]
    to: Targets,
}

/// Delete conversations from the list
///
/// If a message that the list does not show comes before the deletion is sent, nothing is deleted;
/// --if-newer chooses otherwise. Like `conv pin`, it is shown at once and sent if a cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv delete C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Delete {
    /// Delete their messages, too
    #[arg(long)]
    clear_history: bool,
    /// The action if a newer message comes before the deletion is sent
    #[arg(long, value_name = "WHAT", default_value = "give-up")]
    if_newer: Newer,
    #[command(flatten)]
    to: Targets,
}

/// The fate of a deletion if a message came that the list did not show.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Newer {
    /// Delete nothing: the conversation shows again
    GiveUp,
    /// Delete the conversation, and keep its messages
    KeepHistory,
    /// Delete all the same, with the new messages if --clear-history
    Delete,
}

impl From<Newer> for IfNewer {
    fn from(newer: Newer) -> Self {
        match newer {
            Newer::GiveUp => Self::GiveUp,
            Newer::KeepHistory => Self::KeepHistory,
            Newer::Delete => Self::Delete,
        }
    }
}

pub(super) async fn pin(to: Targets, is_pinned: bool, output: &Output) -> Result<(), Error> {
    let verb = if is_pinned { "pinned" } else { "unpinned" };
    let pin = async |list: &Conversations, ids: &[ConversationId]| {
        each(ids, async |id| list.pin_conversation(id, is_pinned).await).await
    };
    to.make(verb, output, pin).await
}

pub(super) async fn mark(marked: Marked, is_set: bool, output: &Output) -> Result<(), Error> {
    let Marked { mark, to } = marked;
    let verb = if is_set { "marked" } else { "unmarked" };
    let mark = async |list: &Conversations, ids: &[ConversationId]| {
        list.mark_conversation(ids, mark, is_set).await
    };
    to.make(verb, output, mark).await
}

pub(super) async fn custom_data(args: CustomData, output: &Output) -> Result<(), Error> {
    let text = args.text;
    let set = async |list: &Conversations, ids: &[ConversationId]| {
        list.set_conversation_custom_data(ids, &text).await
    };
    args.to.make("set", output, set).await
}

pub(super) async fn read(args: Read, output: &Output) -> Result<(), Error> {
    let read = async |list: &Conversations, ids: &[ConversationId]| {
        let is_group = |id: &ConversationId| id.conversation_type() == ConversationType::Group;
        let (groups, users): (Vec<_>, Vec<_>) = ids.iter().cloned().partition(is_group);
        let mut accepted = each(&users, async |id| list.set_message_read(id).await).await?;
        let refused = groups.into_iter().map(|id| {
            let why = "the cloud has no call that marks a group as read; conversations with users \
                       (C2C…) can be";
            FailedConversation::new(id, ErrorClass::Unsupported, NOT_OFFERED, why)
        });
        accepted.failure_conversation_id_list.extend(refused);
        Ok(accepted)
    };
    args.to.make("read", output, read).await
}

pub(super) async fn delete(args: Delete, output: &Output) -> Result<(), Error> {
    let (clears, if_newer) = (args.clear_history, args.if_newer.into());
    let delete = async |list: &Conversations, ids: &[ConversationId]| {
        list.delete_conversation_with(ids, clears, if_newer).await
    };
    args.to.make("deleted", output, delete).await
}

/// Changes conversations one by one, as far as each can be changed.
async fn each(
    ids: &[ConversationId],
    change: impl AsyncFn(&ConversationId) -> Result<Change, conv_api::Error>,
) -> Result<Accepted, conv_api::Error> {
    let mut accepted = Accepted::of([])?;
    for id in ids {
        match change(id).await {
            Ok(change) => {
                accepted.success_conversation_id_list.push(id.clone());
                accepted.changes.push(change);
            }
            Err(error) => {
                let failed = FailedConversation::of(id.clone(), &error);
                accepted.failure_conversation_id_list.push(failed);
            }
        }
    }
    Ok(accepted)
}
