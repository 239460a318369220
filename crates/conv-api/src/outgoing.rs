//! Changes that the user makes to the list: queued, shown at once, and sent in the background.
//!
//! A change is a [`Mutation`](conv_model::Mutation) in the outbox that the store keeps. A call returns
//! when it is durable; one task per list, which lives only while there is something to send, drives a
//! [`Dispatcher`](conv_sync::Dispatcher) against the writer and stores what became of each mutation.
//! Where several processes or handles share the store, a lease decides whose task sends.

mod accept;
mod accepted;
mod calls;
mod change;
mod edition;
mod following;
mod groups;
mod ledger;
mod outcomes;
mod pending;
mod sending;
mod task;
mod turn;
pub(crate) mod view;
mod watched;

pub use self::{
    accepted::{Accepted, FailedConversation},
    change::Change,
    outcomes::Outcomes,
    pending::ChangesReport,
};
pub(crate) use self::{
    edition::Edition,
    sending::{Outgoing, OutgoingConfig},
};
