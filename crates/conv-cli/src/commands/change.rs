//! `conv pin`, `unpin`, `mark`, `unmark`, `custom-data`, `read` and `delete`: changes of
//! conversations.

use conv_api::{Accepted, ConversationId, Conversations, MarkFilter, MarkType};

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    output::changed::{Changed, Wait},
    session,
};

/// The options of every change.
#[derive(Debug, clap::Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) wait: Wait,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) cloud: CloudArgs,
}

/// Pin conversations
///
/// The list shows a change at once, also without a network. It is sent to the cloud if one is named;
/// else it waits in the store, and the next `conv sync` sends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv pin C2Calice GROUPteam --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Pin {
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Unpin conversations
///
/// Like `conv pin`, the other way round.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv unpin C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Unpin {
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
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
    mark: MarkArg,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Clear a mark of conversations
///
/// Like `conv mark`, the other way round.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv unmark star C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Unmark {
    #[command(flatten)]
    mark: MarkArg,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
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
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Mark conversations as read
///
/// Up to the newest message that the list shows. Like `conv pin`, it is shown at once and sent if a
/// cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv read C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Read {
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Delete conversations from the list
///
/// If a message that the list does not show comes before the deletion is sent, nothing is deleted.
/// Like `conv pin`, it is shown at once and sent if a cloud is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv delete C2Calice --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Delete {
    /// Delete their messages, too
    #[arg(long)]
    clear_history: bool,
    #[command(flatten)]
    ids: Ids,
    #[command(flatten)]
    change: ChangeArgs,
}

/// The conversations.
#[derive(Debug, clap::Args)]
pub(crate) struct Ids {
    /// The conversations: C2C and a userID, or GROUP and a groupID
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<ConversationId>,
}

/// The mark.
#[derive(Debug, clap::Args)]
pub(crate) struct MarkArg {
    /// The mark: star, unread, fold, hide, or the SDK's number
    #[arg(value_name = "MARK", value_parser = mark)]
    mark: MarkType,
}

impl ChangeArgs {
    /// Opens the list, makes changes, waits for them, and prints their outcomes.
    pub(crate) async fn make(
        &self,
        verb: &'static str,
        output: &Output,
        change: impl AsyncFnOnce(&Conversations) -> Result<Accepted, conv_api::Error>,
    ) -> Result<(), Error> {
        let source = self.cloud.source()?;
        let has_cloud = source.is_some();
        let list = session::changing(&self.store, &self.cloud, source, output).await?;
        let accepted = change(&list).await;
        let changed = match accepted {
            Ok(accepted) => Changed::after(accepted, verb, &self.wait, &list, has_cloud).await,
            Err(error) => Err(error.into()),
        };
        list.close().await?;
        changed?.show(output)
    }
}

impl Pin {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let ids = self.ids.ids;
        self.change.make("pinned", output, async |list| pin(list, &ids, true).await).await
    }
}

impl Unpin {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let ids = self.ids.ids;
        self.change.make("unpinned", output, async |list| pin(list, &ids, false).await).await
    }
}

impl Mark {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let (ids, mark) = (self.ids.ids, self.mark.mark);
        let change = async |list: &Conversations| list.mark_conversation(&ids, mark, true).await;
        self.change.make("marked", output, change).await
    }
}

impl Unmark {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let (ids, mark) = (self.ids.ids, self.mark.mark);
        let change = async |list: &Conversations| list.mark_conversation(&ids, mark, false).await;
        self.change.make("unmarked", output, change).await
    }
}

impl CustomData {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let (ids, text) = (self.ids.ids, self.text);
        let change =
            async |list: &Conversations| list.set_conversation_custom_data(&ids, &text).await;
        self.change.make("set", output, change).await
    }
}

impl Read {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let ids = self.ids.ids;
        let read = async |list: &Conversations| {
            let mut results = Vec::new();
            for id in &ids {
                results.push((id.clone(), list.set_message_read(id).await));
            }
            Accepted::of(results)
        };
        self.change.make("read", output, read).await
    }
}

impl Delete {
    pub(crate) async fn run(self, output: &Output) -> Result<(), Error> {
        let (ids, clears) = (self.ids.ids, self.clear_history);
        let delete = async |list: &Conversations| list.delete_conversation(&ids, clears).await;
        self.change.make("deleted", output, delete).await
    }
}

async fn pin(
    list: &Conversations,
    ids: &[ConversationId],
    is_pinned: bool,
) -> Result<Accepted, conv_api::Error> {
    let mut results = Vec::new();
    for id in ids {
        results.push((id.clone(), list.pin_conversation(id, is_pinned).await));
    }
    Accepted::of(results)
}

fn mark(name: &str) -> Result<MarkType, String> {
    match super::list::mark(name)? {
        MarkFilter::With(mark) => Ok(mark),
        MarkFilter::Unmarked => Err("expected a mark".to_owned()),
    }
}
