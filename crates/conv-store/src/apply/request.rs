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

/// The most rows of a change that is not worth the way to the task.
const FEW: usize = 8;

impl Change {
    /// Whether it touches few rows, and looks at no others.
    pub(super) fn is_small(&self) -> bool {
        match self {
            Self::Cloud(delta) => {
                let named = [delta.listed.len(), delta.updates.len(), delta.removed.len()];
                delta.prune.is_none() && named.iter().sum::<usize>() <= FEW
            }
            Self::Local(..) => true,
        }
    }
}

/// What the task is asked for, and where it answers.
#[derive(Debug)]
pub(super) enum Request {
    Change(Change, Answer<Commit>),
    Close(Answer<()>),
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
