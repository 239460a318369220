//! Waits until a change has ended at the gateway, which accepts it at once and sends it in the background.
//!
//! A row says in `pendingChanges` how far the change of each part came. A deletion hides its row, so it
//! counts as ended once it was accepted; if the cloud refuses it, the row comes back. So do changes of a
//! conversation group as a whole.

use std::time::Duration;

use conv_model::{AccountId, Conversation, ConversationId, ErrorClass, PendingState};
use conv_sync::{Retry, SourceError, WriteCall};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    Shared,
    http::Call,
    wire::{self, ListData},
};

/// The first pause between two looks; each next one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(3);
/// Our number for a change that still runs.
const STILL_RUNNING: i32 = 990_014;

/// The progress of a change of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Runs,
    Ended,
    Failed,
}

impl Shared {
    /// Waits until a change has ended.
    ///
    /// # Errors
    /// If it failed, or still runs when the time is over: it is then worth asking again.
    pub(super) async fn ended(
        &self,
        account: &AccountId,
        call: &WriteCall,
    ) -> Result<(), SourceError> {
        let ids = call.ids();
        if ids.is_empty() || matches!(call, WriteCall::Delete { .. }) {
            return Ok(());
        }
        let until = Instant::now() + self.options.ended_within;
        let mut pause = FIRST_PAUSE;
        loop {
            let rows = self.rows(account, &ids).await?;
            let progress: Vec<_> = rows.iter().map(|row| progress(row, call)).collect();
            if progress.contains(&Progress::Failed) {
                return Err(failed(0));
            }
            if !progress.contains(&Progress::Runs) {
                return Ok(());
            }
            if Instant::now() + pause > until {
                return Err(still_running());
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }

    async fn rows(
        &self,
        account: &AccountId,
        ids: &[&ConversationId],
    ) -> Result<Vec<Conversation>, SourceError> {
        let call = Call::post("/conversations/list", &json!({ "conversationIDList": ids }));
        let answer = self.call(account, &call).await?;
        let data: ListData<'_> = wire::data(&answer.body)?;
        let rows = data.conversation_list.iter();
        Ok(rows.filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect())
    }
}

fn progress(row: &Conversation, call: &WriteCall) -> Progress {
    let pending = &row.pending;
    let (state, is_shown) = match call {
        WriteCall::Pin { is_pinned, .. } => (pending.pin, row.listing.is_pinned == *is_pinned),
        WriteCall::Mark { items } => {
            let is_shown = items.iter().filter(|item| item.id == row.id).all(|item| {
                let has = |mark| row.listing.marks.contains(mark);
                item.set.iter().all(has) && !item.clear.iter().any(has)
            });
            (pending.marks, is_shown)
        }
        WriteCall::CustomData { items } => {
            let is_shown = |(id, text): &(ConversationId, _)| {
                *id != row.id || row.listing.custom_data == *text
            };
            (pending.custom_data, items.iter().all(is_shown))
        }
        WriteCall::CreateGroup { name, .. } => (pending.groups, is_member(row, name.as_str())),
        WriteCall::Members { name, items } => {
            let is_shown = |(id, is_in): &(ConversationId, bool)| {
                *id != row.id || is_member(row, name.as_str()) == *is_in
            };
            (pending.groups, items.iter().all(is_shown))
        }
        WriteCall::Read { .. } => (pending.read, false),
        _ => (None, true),
    };
    match state {
        None => Progress::Ended,
        // Another change of the same part failed, which hides how far this one came.
        Some(PendingState::Failed) if is_shown => Progress::Ended,
        Some(PendingState::Failed) => Progress::Failed,
        Some(_) => Progress::Runs,
    }
}

fn is_member(row: &Conversation, name: &str) -> bool {
    row.listing.groups.iter().any(|group| **group == *name)
}

/// The cloud, or the gateway, refused the change for good.
pub(super) fn failed(code: i32) -> SourceError {
    SourceError::Cloud {
        code,
        class: ErrorClass::Cloud,
        retry: Retry::Never,
        message: "change failed at the gateway".to_owned(),
        retry_after: None,
    }
}

fn still_running() -> SourceError {
    SourceError::Cloud {
        code: STILL_RUNNING,
        class: ErrorClass::Transient,
        retry: Retry::BackOff,
        message: "gateway has accepted the change, and it has not ended yet".to_owned(),
        retry_after: None,
    }
}
