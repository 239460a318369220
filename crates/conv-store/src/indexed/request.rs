//! What the task is asked for.

use conv_model::{Commit, ConversationId, Delta, Local};
use tokio::sync::oneshot;

use crate::StoreError;

/// A change of an account.
#[derive(Debug)]
pub(super) enum Change {
    /// Of what the cloud knows.
    Cloud(Box<Delta>),
    /// Of what only this store knows.
    Local(ConversationId, Local),
}

/// What the task is asked for, and where it answers.
#[derive(Debug)]
pub(super) enum Request {
    Change(Change, Answer<Commit>),
    Close(Answer<()>),
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
