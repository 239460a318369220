//! A writer whose calls are counted, and take turns with those of other accounts.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId};
use conv_sync::{
    ConversationWriter, Groups, RequestCounts, SourceError, WriteCapabilities, WriteRequest,
    Written,
};
use tokio::sync::Semaphore;
use tracing::{Instrument, debug_span};

use crate::{AccountTag, caught::caught, stats::Counters};

/// The writer of one list.
#[derive(Debug)]
pub(super) struct WatchedWriter {
    pub(super) writer: Arc<dyn ConversationWriter>,
    pub(super) permits: Option<Arc<Semaphore>>,
    pub(super) counters: Arc<Counters>,
    /// True if passes can show what was written.
    pub(super) has_source: bool,
}

impl WatchedWriter {
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let _permit = match &self.permits {
            // It is never closed.
            Some(permits) => permits.acquire().await.ok(),
            None => None,
        };
        self.counters.write_calls.fetch_add(1, Relaxed);
        match caught(call).await {
            Ok(answer) => answer,
            // It is as unknown as after a lost answer whether the cloud has it.
            Err(_) => Err(SourceError::Protocol { what: "the writer panicked".into() }),
        }
    }
}

#[async_trait]
impl ConversationWriter for WatchedWriter {
    fn write_capabilities(&self) -> WriteCapabilities {
        let mut capabilities = self.writer.write_capabilities();
        if !self.has_source {
            capabilities.listed.clear();
        }
        capabilities
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        let span = debug_span!(
            "write",
            account = %AccountTag::of(&request.account),
            kind = ?request.call.kind(),
            items = request.call.ids().len(),
        );
        self.call(self.writer.write(request)).instrument(span).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        let span = debug_span!("look", account = %AccountTag::of(account));
        self.call(self.writer.look(account)).instrument(span).await
    }

    async fn group_exists(&self, id: &ConversationId) -> Result<Option<bool>, SourceError> {
        self.call(self.writer.group_exists(id)).instrument(debug_span!("look_at_group")).await
    }

    fn write_request_counts(&self) -> Option<RequestCounts> {
        self.writer.write_request_counts()
    }
}
