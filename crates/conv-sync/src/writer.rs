//! A cloud that can be written to, as a sender sees it.

mod call;
mod capabilities;
mod sent;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId};
use serde::{Deserialize, Serialize};

pub use self::{
    call::{MarkItem, WriteCall, WriteKind},
    capabilities::WriteCapabilities,
    sent::SentMutation,
};
use crate::{Groups, RequestCounts, SourceError};

/// A cloud whose conversation lists can be changed, of any number of accounts.
///
/// It complements [`ConversationSource`](crate::ConversationSource): a cloud that can only be read
/// implements nothing of it. A [`Dispatcher`](crate::Dispatcher) decides what to write, when, and what an
/// answer means.
///
/// # Contract
/// * Every method is one round trip or a few. Dropping a future abandons the call; the cloud may
///   have applied it.
/// * A writer keeps no state of an account, and repeats no call by itself: a call whose answer was
///   lost may have been applied, and the sender decides whether it may go out again.
/// * An error of [`write`](Self::write) is about the call as a whole. If the cloud answers per
///   item, so does [`Written`], and an item that the reply does not name is left out of it.
/// * The error says by its variant, its class and its retry what happened: see "Sending changes" in
///   `docs/sync-protocol.md`. Errors hold no secret.
///
/// ```
/// use async_trait::async_trait;
/// use conv_model::AccountId;
/// use conv_sync::{
///     ConversationWriter, Groups, SourceError, WriteCall, WriteCapabilities, WriteKind,
///     WriteRequest, Written,
/// };
///
/// /// A cloud that takes pins and nothing else.
/// #[derive(Debug)]
/// struct Pins;
///
/// #[async_trait]
/// impl ConversationWriter for Pins {
///     fn write_capabilities(&self) -> WriteCapabilities {
///         WriteCapabilities::of([WriteKind::Pin])
///     }
///
///     async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
///         match &request.call {
///             WriteCall::Pin { ids, is_pinned } => {
///                 println!("{}: {ids:?} pinned: {is_pinned}", request.account.as_str());
///                 Ok(Written::whole())
///             }
///             _ => Err(SourceError::Unsupported { what: "this change".into() }),
///         }
///     }
///
///     async fn look(&self, _account: &AccountId) -> Result<Groups, SourceError> {
///         Ok(Groups::default())
///     }
/// }
/// ```
///
/// With mockall, each method is one expectation:
///
/// ```
/// use async_trait::async_trait;
/// use conv_model::AccountId;
/// use conv_sync::{
///     ConversationWriter, Groups, SourceError, WriteCapabilities, WriteRequest, Written,
/// };
/// use mockall::mock;
///
/// mock! {
///     #[derive(Debug)]
///     Writer {}
///
///     #[async_trait]
///     impl ConversationWriter for Writer {
///         fn write_capabilities(&self) -> WriteCapabilities;
///         async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError>;
///         async fn look(&self, account: &AccountId) -> Result<Groups, SourceError>;
///     }
/// }
///
/// # fn main() {
/// let mut writer = MockWriter::new();
/// writer.expect_write_capabilities().returning(WriteCapabilities::default);
/// writer.expect_write().returning(|_| Err(SourceError::TimedOut)); // lost: it may be applied
/// writer.expect_look().never();
/// # assert_eq!(writer.write_capabilities(), WriteCapabilities::default());
/// # }
/// ```
#[async_trait]
pub trait ConversationWriter: Debug + Send + Sync + 'static {
    /// Returns what this writer can change, and how much of it per call. The same answer every time.
    fn write_capabilities(&self) -> WriteCapabilities;

    /// Writes one change, or several of one kind.
    ///
    /// # Errors
    /// If the call as a whole failed.
    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError>;

    /// Returns the conversation groups that exist. A sender looks before it creates or renames one,
    /// since the cloud does not document what a repeat of these does.
    ///
    /// # Errors
    /// If the call failed.
    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError>;

    /// Returns whether the group of a group conversation still exists; `None`, as by default, if that
    /// cannot be said. A sender asks before it believes a code that may mean either a group that was
    /// dissolved or a fault of the server.
    ///
    /// # Errors
    /// The error of the call.
    async fn group_exists(&self, id: &ConversationId) -> Result<Option<bool>, SourceError> {
        let _ = id;
        Ok(None)
    }

    /// Returns the counts of the requests that this writer sends to its cloud; `None`, as by default,
    /// if it does not count them. A writer that is a source as well returns the source's.
    fn write_request_counts(&self) -> Option<RequestCounts> {
        None
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: ConversationWriter + ?Sized> ConversationWriter for Arc<T> {
    fn write_capabilities(&self) -> WriteCapabilities {
        (**self).write_capabilities()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        (**self).write(request).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        (**self).look(account).await
    }

    async fn group_exists(&self, id: &ConversationId) -> Result<Option<bool>, SourceError> {
        (**self).group_exists(id).await
    }

    fn write_request_counts(&self) -> Option<RequestCounts> {
        (**self).write_request_counts()
    }
}

/// One call that changes a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WriteRequest {
    /// The account whose list it is.
    pub account: AccountId,
    /// The change.
    pub call: WriteCall,
    /// The mutations in it, by which a writer knows a part of a call again: a further attempt may carry
    /// others beside it. Empty for a call that no sender makes.
    pub mutations: Vec<SentMutation>,
}

impl WriteRequest {
    /// A call for an account's list.
    pub fn new(account: AccountId, call: WriteCall) -> Self {
        Self { account, call, mutations: Vec::new() }
    }
}

/// The cloud's answer to a call that it accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Written {
    /// The result of each item; `None` if the answer counts for all of them. An item that is not
    /// named has an unknown result.
    pub items: Option<Vec<(ConversationId, Result<(), SourceError>)>>,
}

impl Written {
    /// An answer that counts for every item of the call.
    pub fn whole() -> Self {
        Self { items: None }
    }

    /// An answer with a result per item.
    pub fn items(
        items: impl IntoIterator<Item = (ConversationId, Result<(), SourceError>)>,
    ) -> Self {
        Self { items: Some(items.into_iter().collect()) }
    }
}
