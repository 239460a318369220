//! The arguments and steps that all changes share.

use std::{collections::HashSet, time::Duration};

use conv_api::{
    Accepted, ConversationId, Conversations, Coverage, FailedConversation, SourceError,
    model::MutationError,
};

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    interrupt::Interrupt,
    output::changed::{Changed, Unsent, What},
    sending, session,
};

/// The options of every change.
#[derive(Debug, clap::Args)]
pub(crate) struct ChangeArgs {
    /// Do not wait until the cloud has the change; the next `conv sync` sends it
    #[arg(long)]
    no_wait: bool,
    /// Wait for the cloud at most so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// Conversations, and the options of a change.
#[derive(Debug, clap::Args)]
pub(crate) struct Targets {
    /// The conversations: C2C and a userID, or GROUP and a groupID
    #[arg(value_name = "ID", required = true)]
    ids: Vec<ConversationId>,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Targets {
    /// Changes those conversations that the list has, each once, and says what became of all.
    pub(crate) async fn make(
        self,
        verb: &'static str,
        output: &Output,
        change: impl AsyncFnOnce(&Conversations, &[ConversationId]) -> Result<Accepted, conv_api::Error>,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        let mut ids = self.ids;
        ids.retain(|id| seen.insert(id.clone()));
        let change = async |list: &Conversations| {
            let snapshot = list.snapshot();
            let (known, unknown): (Vec<_>, Vec<_>) =
                ids.into_iter().partition(|id| snapshot.get(id).is_some());
            let mut accepted = match known.is_empty() {
                true => Accepted::of([])?,
                false => match change(list, &known).await {
                    Err(error) if is_refusal(&error) => refused(known, &error)?,
                    accepted => accepted?,
                },
            };
            let unknown = unknown.into_iter().map(|id| {
                let error = conv_api::Error::Refused(MutationError::NotListed(id.clone()));
                FailedConversation::of(id, &error)
            });
            accepted.failure_conversation_id_list.extend(unknown);
            Ok(accepted)
        };
        self.change.make(What::Each(verb), output, change).await
    }
}

/// Returns true if an error is about what was asked for, and not about the list.
fn is_refusal(error: &conv_api::Error) -> bool {
    matches!(
        error,
        conv_api::Error::Refused(_)
            | conv_api::Error::NotInPlan
            | conv_api::Error::Source(SourceError::Unsupported { .. })
    )
}

/// Returns the answer to a call that is refused as a whole.
fn refused(ids: Vec<ConversationId>, error: &conv_api::Error) -> Result<Accepted, conv_api::Error> {
    let mut accepted = Accepted::of([])?;
    let refused = ids.into_iter().map(|id| FailedConversation::of(id, error));
    accepted.failure_conversation_id_list.extend(refused);
    Ok(accepted)
}

impl ChangeArgs {
    /// Opens the list, makes changes, waits for them, and says what became of them.
    pub(crate) async fn make(
        &self,
        what: What,
        output: &Output,
        change: impl AsyncFnOnce(&Conversations) -> Result<Accepted, conv_api::Error>,
    ) -> Result<(), Error> {
        let mut interrupt = Interrupt::listen();
        let list = interrupt.or(self.open(output), "interrupted; nothing was changed").await?;
        let changed = self.change(what, &list, change, &mut interrupt).await;
        list.close().await?;
        changed?.show(output)
    }

    async fn open(&self, output: &Output) -> Result<Conversations, Error> {
        // A change that is not waited for is left to the next process, rather than cut off.
        let source = self.cloud.source()?.filter(|_| !self.no_wait);
        let opened = self.store.open_to_read().await?;
        session::changing(&self.store, &self.cloud, source, opened, output).await
    }

    async fn change(
        &self,
        what: What,
        list: &Conversations,
        change: impl AsyncFnOnce(&Conversations) -> Result<Accepted, conv_api::Error>,
        interrupt: &mut Interrupt,
    ) -> Result<Changed, Error> {
        if list.sync_report().coverage == Coverage::Empty {
            return Err(self.store.never_pulled()?);
        }
        let accepted = change(list).await?;
        let unsent = match self.cloud.is_named() {
            false => Unsent::Wanted("no cloud is named"),
            true if self.no_wait => Unsent::Wanted("--no-wait"),
            true => {
                let timeout = Duration::from_secs(self.timeout);
                let sent = sending::sent(list, &accepted.changes, timeout, interrupt);
                Unsent::Waited(sent.await?)
            }
        };
        Changed::of(what, accepted, unsent, list).await
    }
}
