//! Values that the cases work with.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use conv_model::{
    Checkpoint, Commit, Conversation, ConversationId, ConversationPatch, Cursor, Delta, Finished,
    Known, LastMessage, ListingPatch, MarkType, MessageKind, ParseIdError, PassId, PassStatus,
    Phase, Prune, SyncScope, SyncStep, Timestamp,
};
use tokio::time::timeout;

use super::Failure;
use crate::{ConversationStore, Snapshot, StoreError};

/// Long enough for any store that is going to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the output of a future, or fails if it takes too long.
pub(super) async fn soon<T>(
    what: &str,
    future: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Failure> {
    match timeout(PATIENCE, future).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Failure::new(format!("{what} takes for ever"))),
    }
}

pub(super) fn id(user: &str) -> Result<ConversationId, ParseIdError> {
    ConversationId::c2c(user)
}

pub(super) fn secs(after: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000).plus_secs(after)
}

/// A patch that lists a conversation with a time alone.
pub(super) fn listed(user: &str, time: u64) -> Result<ConversationPatch, ParseIdError> {
    let mut patch = ConversationPatch::new(id(user)?);
    patch.listing = Some(ListingPatch::at(secs(time)));
    Ok(patch)
}

/// A patch that names a conversation.
pub(super) fn named(user: &str, name: &str) -> Result<ConversationPatch, ParseIdError> {
    let mut patch = ConversationPatch::new(id(user)?);
    patch.profile.name = Some(name.into());
    Ok(patch)
}

/// A patch that says something of every facet.
pub(super) fn full(user: &str, time: u64) -> Result<ConversationPatch, ParseIdError> {
    let mut patch = named(user, "Alice")?;
    let mut listing = ListingPatch::at(secs(time));
    listing.is_pinned = Some(true);
    listing.marks = Some([MarkType::STAR].into_iter().collect());
    listing.groups = Some(vec!["Suppliers".into()]);
    listing.custom_data = Some("custom".into());
    listing.version = Some(1);
    patch.listing = Some(listing);
    patch.profile.avatar = Some("https://example.com/a.png".into());
    patch.profile.read_at = Some(secs(1));
    patch.unread.count = Some(3);
    patch.unread.remind_type = Some("AcceptAndNotify".into());
    patch.unread.peer_read_time = Some(secs(2));
    let mut message = LastMessage::new(MessageKind::Image);
    message.sequence = 7;
    patch.last_message = Known::Value(Arc::new(message));
    Ok(patch)
}

/// A change of a pass that lists rows.
pub(super) fn page(pass: u64, rows: Vec<ConversationPatch>) -> Delta {
    let mut delta = Delta::listed(rows);
    delta.pass = Some(PassId::new(pass));
    delta
}

pub(super) fn scope() -> SyncScope {
    SyncScope::new(100, 1)
}

pub(super) fn begin(pass: u64) -> Delta {
    Delta::step(PassId::new(pass), SyncStep::Begin { scope: scope(), resume: false })
}

/// The end of a pass as of a moment, which removes all but some rows.
pub(super) fn finish(
    pass: u64,
    as_of: Timestamp,
    keep: impl IntoIterator<Item = ConversationId>,
) -> Delta {
    let finished = Finished::new(Some(as_of), Vec::new(), scope());
    let step =
        SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() };
    let mut delta = Delta::step(PassId::new(pass), step);
    delta.prune = Some(Prune::Unlisted { keep: Arc::new(keep.into_iter().collect()) });
    delta
}

/// A page's step, with a place to go on from.
pub(super) fn checkpointed(pass: u64, cursor: &str) -> Delta {
    Delta::step(
        PassId::new(pass),
        SyncStep::Page {
            status: PassStatus::running(Phase::Listing, 1, None),
            checkpoint: Some(Checkpoint::new(Cursor::new(cursor), 1)),
            skipped: Vec::new(),
            broken: Vec::new(),
        },
    )
}

pub(super) fn all(snapshot: &Snapshot) -> Vec<Conversation> {
    snapshot.rows().map(|row| Conversation::clone(row)).collect()
}

/// The userIDs of all rows, in list order.
pub(super) fn users(snapshot: &Snapshot) -> Vec<String> {
    let user = |row: &Arc<Conversation>| Some(row.id.user_id()?.as_str().to_owned());
    snapshot.rows().filter_map(user).collect()
}

/// The time of a user's row, in seconds after the first moment.
pub(super) fn time_of(snapshot: &Snapshot, user: &str) -> Result<Option<u64>, ParseIdError> {
    let row = snapshot.get(&id(user)?);
    let time = row.and_then(|row| row.listing.time);
    Ok(time.map(|time| time.as_secs().saturating_sub(secs(0).as_secs())))
}

/// Applies changes one after another.
pub(super) async fn apply_all(
    store: &impl ConversationStore,
    deltas: impl IntoIterator<Item = Delta>,
) -> Result<Vec<Commit>, Failure> {
    let mut commits = Vec::new();
    for delta in deltas {
        commits.push(soon("a change", store.apply(delta)).await?);
    }
    Ok(commits)
}

/// Polls a future some times, letting others go on in between, and drops it.
pub(super) async fn give_up_after<T>(polls: u64, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if done {
            return;
        }
        tokio::task::yield_now().await;
    }
}
