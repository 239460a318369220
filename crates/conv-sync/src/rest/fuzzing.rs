//! The decoder of pages for fuzzing, without a network. No stable API.

use std::sync::Arc;

use conv_model::Timestamp;

use super::wire::{Envelope, Reply, get_list};
use crate::{Page, SourceError, UserSig};

/// What [`RestSource::pull`](crate::RestSource) makes of a reply to a call that was signed with
/// `user_sig`.
///
/// # Errors
/// As of a pull.
pub fn page(user_sig: &Arc<UserSig>, status: u16, body: &[u8]) -> Result<Page, SourceError> {
    if status != 200 {
        return Err(SourceError::Http { status, retry_after: None });
    }
    let reply = Reply::new(body.to_vec(), Timestamp::ZERO, Arc::clone(user_sig));
    let envelope: Envelope = reply.decode()?;
    match envelope.code() {
        Some(0) => {}
        Some(code) => return Err(reply.error(code, &envelope.info())),
        None => {
            let what = "a reply without a valid ErrorCode".to_owned();
            return Err(SourceError::Protocol { what });
        }
    }
    let listing = get_list::read(&reply, true)?;
    let next = listing.next.map(super::Position::to_cursor);
    let mut page = Page::new(listing.rows, next, reply.time());
    page.skipped = listing.skipped;
    Ok(page)
}
