//! The parts of a handle.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use conv_model::AccountId;
use conv_store::{ConversationDatabase, ConversationStore, Leases};
use conv_sync::{Clock, ConversationSource, ConversationWriter, PullOptions, SendOptions};
use tokio::sync::Semaphore;

use crate::{
    accounts::Shared,
    outgoing::Edition,
    passes::{LastReply, NamesRead, QueueTicket},
    runtime::Runtime,
    stats::Counters,
};

/// The owner of a handle's store. A database is kept open as long as the handle lives.
pub(crate) enum StoreOwner {
    /// The handle itself, without a database.
    Handle,
    /// A database that is this handle's alone.
    Own(Arc<dyn ConversationDatabase>),
    /// A database of others; holding it keeps it open.
    Shared(#[expect(dead_code, reason = "held, not read")] Arc<dyn ConversationDatabase>),
    /// Many accounts, which the handle does not keep loaded.
    Accounts {
        accounts: Weak<Shared>,
        #[expect(dead_code, reason = "held, not read")]
        database: Arc<dyn ConversationDatabase>,
    },
}

/// The parts of a handle.
pub(crate) struct HandleConfig {
    pub(crate) account: AccountId,
    pub(crate) owner: StoreOwner,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) source: Option<Arc<dyn ConversationSource>>,
    pub(crate) writer: Option<Arc<dyn ConversationWriter>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: PullOptions,
    pub(crate) send: SendOptions,
    /// Bounds the calls that write, if they take turns with those of other accounts.
    pub(crate) send_permits: Option<Arc<Semaphore>>,
    pub(crate) edition: Arc<Edition>,
    pub(crate) profile_freshness: Duration,
    /// The place of its passes in a queue, if they take turns with those of other accounts.
    pub(crate) ticket: Option<QueueTicket>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) names_read: Arc<NamesRead>,
    pub(crate) last_reply: Arc<LastReply>,
    /// Decides which process pulls, if several use the store at the same time.
    pub(crate) leases: Option<Arc<dyn Leases>>,
    /// Decides who sends changes, if others use the store at the same time.
    pub(crate) send_leases: Option<Arc<dyn Leases>>,
    /// The runtime of its passes.
    pub(crate) runtime: Arc<Runtime>,
}
