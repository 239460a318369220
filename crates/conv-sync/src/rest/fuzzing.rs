//! The decoder of pages for fuzzing, without a network. No stable API.

use std::sync::Arc;

use conv_model::Timestamp;

use super::{
    caller::accepted,
    wire::{Reply, get_list},
};
use crate::{Page, SourceError, UserSig};

/// What [`RestSource::pull`](crate::RestSource) makes of the body of a reply to a call that was
/// signed with `user_sig`.
///
/// # Errors
/// As of a pull.
pub fn page(user_sig: &Arc<UserSig>, body: &[u8]) -> Result<Page, SourceError> {
    let reply = Reply::new(body.to_vec(), Timestamp::ZERO, Arc::clone(user_sig));
    accepted::<get_list::Request>(&reply)?;
    super::page(&reply, true)
}
