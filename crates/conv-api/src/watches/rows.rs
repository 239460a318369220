//! Reads facets of single rows without a pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
    time::Duration,
};

use conv_model::{Conversation, ConversationId, ConversationType, Facet};

use super::work::{Failed, Pending};
use crate::{Conversations, Error, accounts::Shared, passes::QueueTicket};

/// Reads the pending facets, once it is its turn. What fails, and may succeed later, goes back to the
/// schedule.
pub(super) async fn read(
    accounts: Weak<Shared>,
    list: Conversations,
    work: Pending,
    ticket: Arc<QueueTicket>,
) {
    let running = ticket.wait().await;
    let mut failed = Failed::default();
    let whole = work.unread_of_users;
    for (facet, rows) in by_facet(&list, work) {
        match list.read_rows(facet, rows.clone()).await {
            Ok(reading) => failed.add(facet, reading.again, whole),
            Err(error) => {
                tracing::debug!(class = error.class().as_str(), "facets could not be read");
                if error.may_succeed_later() {
                    failed.pause = failed.pause.max(retry_after(&error));
                    failed.add(facet, rows, whole);
                }
            }
        }
    }
    drop(running);
    if let Some(accounts) = accounts.upgrade() {
        accounts.watches.forget_errand(&list, &ticket);
        let now = accounts.watches.now();
        accounts.watches.lock().schedule.read(now, list.account(), &failed);
        accounts.watches.wake.notify_one();
    }
}

/// Returns the rows to read, by facet.
fn by_facet(list: &Conversations, work: Pending) -> BTreeMap<Facet, BTreeSet<ConversationId>> {
    let mut facets = BTreeMap::<_, BTreeSet<_>>::new();
    for (facet, row) in work.facets {
        facets.entry(facet).or_default().insert(row);
    }
    if work.unread_of_users {
        let snapshot = list.snapshot();
        let is_unread = |row: &&Arc<Conversation>| {
            row.conversation_type() == ConversationType::C2c && row.unread.count > Some(0)
        };
        let unread = snapshot.rows().filter(is_unread).map(|row| row.id.clone());
        facets.entry(Facet::Unread).or_default().extend(unread);
    }
    facets
}

/// Returns the time that the cloud asked to wait.
fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::Source(error) => error.retry_after(),
        _ => None,
    }
}
