//! The answer of a list call.

use std::{slice, sync::Arc, vec};

use conv_model::{Conversation, Coverage, PassFailure, PassStatus, Seq, SyncReport};
use conv_store::Snapshot;
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// The answer of
/// [`get_conversation_list`](crate::Conversations::get_conversation_list): rows and report of one
/// instant.
///
/// It replaces every former answer whole. As JSON it is the `data` of the SDK's answer, with the
/// report beside: `{"conversationList": […], "isSyncCompleted": …, "report": {…}}`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConversationList {
    /// The rows, in list order: pinned first, then the newest first.
    pub conversation_list: Vec<Arc<Conversation>>,
    snapshot: Snapshot,
    failure: Option<PassFailure>,
}

impl ConversationList {
    pub(crate) fn new(
        conversation_list: Vec<Arc<Conversation>>,
        snapshot: Snapshot,
        failure: Option<PassFailure>,
    ) -> Self {
        Self { conversation_list, snapshot, failure }
    }

    /// Returns true if the list is the cloud's: exactly
    /// [`Coverage::Complete`](conv_model::Coverage::Complete). Never true after a failure.
    #[doc(alias = "isSyncCompleted")]
    pub fn is_sync_completed(&self) -> bool {
        self.failure.is_none() && self.snapshot.sync().coverage == Coverage::Complete
    }

    /// Returns the report: completeness, the limits that cut the list, the pass under way.
    pub fn report(&self) -> SyncReport {
        report(&self.snapshot, self.failure.as_ref())
    }

    /// Returns the number of the commit that the rows are of.
    pub fn seq(&self) -> Seq {
        self.snapshot.seq()
    }

    /// Returns the list of the same instant, for what the answer does not hold: pages, totals.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Iterates over the rows.
    pub fn iter(&self) -> slice::Iter<'_, Arc<Conversation>> {
        self.conversation_list.iter()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.conversation_list.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.conversation_list.is_empty()
    }
}

impl<'a> IntoIterator for &'a ConversationList {
    type Item = &'a Arc<Conversation>;
    type IntoIter = slice::Iter<'a, Arc<Conversation>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for ConversationList {
    type Item = Arc<Conversation>;
    type IntoIter = vec::IntoIter<Arc<Conversation>>;

    fn into_iter(self) -> Self::IntoIter {
        self.conversation_list.into_iter()
    }
}

impl Serialize for ConversationList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("ConversationList", 3)?;
        data.serialize_field("conversationList", &self.conversation_list)?;
        data.serialize_field("isSyncCompleted", &self.is_sync_completed())?;
        data.serialize_field("report", &self.report())?;
        data.end()
    }
}

/// Returns the report of a snapshot, with a failure that its store could not take in.
pub(crate) fn report(snapshot: &Snapshot, failure: Option<&PassFailure>) -> SyncReport {
    let mut report = snapshot.report();
    if let Some(failure) = failure {
        report.pass = PassStatus::Failed(failure.clone());
        if report.coverage == Coverage::Complete {
            report.coverage = Coverage::CacheOnly;
        }
    }
    report
}
