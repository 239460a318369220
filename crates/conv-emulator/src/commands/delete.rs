//! `recentcontact/delete`: removes one conversation from the list.

use super::{Context, item, not_imported, nothing};
use crate::{envelope::Reply, request::Fields};

/// Deletes a conversation. Deleting a missing one succeeds.
pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let peer = item::read(body, item::TO_GROUPID)?;
    // The emulator keeps no history that `ClearRamble` could wipe.
    body.number_or("ClearRamble", 0)?;
    let mut state = context.world.lock();
    let account = state.account(id).ok_or_else(|| not_imported(id))?;
    account.rows.remove(&peer);
    nothing()
}
