//! Reads facets of single rows without a pass.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use super::work::Pending;
use crate::{Conversations, accounts::Shared, passes::QueueTicket};

/// Reads what is pending, once it is its turn. What fails is left to the next mark: a lost hint costs
/// time and nothing else.
pub(super) async fn read(
    accounts: Weak<Shared>,
    list: Conversations,
    work: Pending,
    ticket: Arc<QueueTicket>,
) {
    let running = ticket.wait().await;
    let mut facets = BTreeMap::<_, Vec<_>>::new();
    for (facet, row) in work.facets {
        facets.entry(facet).or_default().push(row);
    }
    for (facet, rows) in facets {
        if let Err(error) = list.read_facet(facet, rows).await {
            tracing::debug!(class = error.class().as_str(), "facets could not be read");
        }
    }
    drop(running);
    if let Some(accounts) = accounts.upgrade() {
        accounts.watches.forget_errand(&list, &ticket);
        accounts.watches.lock().schedule.read(accounts.watches.now(), list.account());
        accounts.watches.wake.notify_one();
    }
}
