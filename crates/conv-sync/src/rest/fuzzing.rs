//! The decoder of pages, for fuzzing without a network. No stable API.

use std::sync::Arc;

use super::{
    caller::answer,
    cursor::Position,
    wire::{Reply, get_list},
};
use crate::{Page, SourceError, UserSig};

/// Decodes the body of a reply as [`RestSource::pull`](crate::RestSource) does, for a call signed
/// with `user_sig`.
///
/// # Errors
/// The same as a pull's.
pub fn page(user_sig: &Arc<UserSig>, body: &[u8]) -> Result<Page, SourceError> {
    let command = get_list::Request::new("", Position::default(), true);
    let listing = answer(&command, &Reply::new(body.to_vec(), Arc::clone(user_sig)))?;
    Ok(super::page(listing, None))
}
