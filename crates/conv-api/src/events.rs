//! The SDK's events of a list.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use conv_model::{Seq, SyncReport};
use conv_store::Snapshot;
use futures_core::Stream;
use serde::Serialize;

use crate::{
    conversations::Inner,
    listener::{Listener, Seen},
    live::{coalesce, is_change},
};

/// A change, named as in the SDK, with the new value.
///
/// As JSON: `{"name":"onTotalUnreadMessageCountUpdated","data":7}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "name", content = "data")]
#[non_exhaustive]
pub enum Event {
    /// Rows were added, removed or changed. Call
    /// [`get_conversation_list`](crate::Conversations::get_conversation_list) for the list, or follow
    /// it by [`subscribe`](crate::Conversations::subscribe).
    #[doc(alias = "CONVERSATION_LIST_UPDATED")]
    #[serde(rename = "onConversationListUpdated")]
    ConversationListUpdated,
    /// The unread messages of all conversations that are not muted.
    #[doc(alias = "TOTAL_UNREAD_MESSAGE_COUNT_UPDATED")]
    #[serde(rename = "onTotalUnreadMessageCountUpdated")]
    TotalUnreadMessageCountUpdated(u64),
    /// The names of the conversation groups, ascending.
    #[doc(alias = "CONVERSATION_GROUP_LIST_UPDATED")]
    #[serde(rename = "onConversationGroupListUpdated")]
    ConversationGroupListUpdated(Vec<Arc<str>>),
    /// The report: completeness, and progress of a pass. The SDK has no such event.
    #[serde(rename = "onSyncReportUpdated")]
    SyncReportUpdated(SyncReport),
}

/// The events of a list: a stream that ends when the list is closed or its last handle dropped.
/// See [`Conversations::events`](crate::Conversations::events).
///
/// It compares the list with the last event. So nothing piles up while it is not polled, and a value
/// that changed back meanwhile is not an event.
#[derive(Debug)]
#[must_use = "gives nothing unless it is polled"]
pub struct Events {
    listener: Listener,
    /// The commit up to which all kinds were compared.
    seen: Seen,
    /// The commit up to which the rows were compared.
    listed: Seq,
    unread: u64,
    groups: Vec<Arc<str>>,
    report: SyncReport,
}

impl Events {
    pub(crate) fn new(listener: Listener, list: &Inner, from: &Snapshot) -> Self {
        Self {
            listener,
            seen: Seen::of(list, from),
            listed: from.seq(),
            unread: from.totals().unread,
            groups: from.groups(),
            report: list.report(from),
        }
    }

    /// The next event; `None` once the list is closed or its last handle dropped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            let Some(list) = self.listener.list() else { return Poll::Ready(None) };
            let snapshot = list.store.snapshot();
            let now = Seen::of(&list, &snapshot);
            if now.is_after(self.seen) {
                if let Some(event) = self.compare(&list, &snapshot) {
                    return Poll::Ready(Some(event));
                }
                self.seen = now;
            }
            if ready!(self.listener.poll_newer(&list, cx, self.seen)).is_err() {
                return Poll::Ready(None);
            }
        }
    }

    /// Returns the first difference, and counts it as given.
    fn compare(&mut self, list: &Inner, now: &Snapshot) -> Option<Event> {
        if is_changed(now, std::mem::replace(&mut self.listed, now.seq())) {
            return Some(Event::ConversationListUpdated);
        }
        let unread = now.totals().unread;
        if std::mem::replace(&mut self.unread, unread) != unread {
            return Some(Event::TotalUnreadMessageCountUpdated(unread));
        }
        let groups = now.groups();
        if groups != self.groups {
            self.groups.clone_from(&groups);
            return Some(Event::ConversationGroupListUpdated(groups));
        }
        let report = list.report(now);
        if report != self.report {
            self.report = report.clone();
            return Some(Event::SyncReportUpdated(report));
        }
        None
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().poll(cx)
    }
}

/// Returns true if any row changed since a commit, or if the log no longer has that commit.
fn is_changed(now: &Snapshot, since: Seq) -> bool {
    now.changes_since(since).is_none_or(|commits| coalesce(&commits).iter().any(is_change))
}
