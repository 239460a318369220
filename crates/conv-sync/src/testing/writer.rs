//! A cloud in memory that can be written to.

mod cloud;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use conv_model::{AccountId, Conversation, ConversationId, Timestamp};

use self::cloud::Cloud;
use crate::{
    ConversationWriter, Groups, SourceError, WriteCall, WriteCapabilities, WriteKind, WriteRequest,
    Written,
};

/// The behaviour that Tencent's documentation leaves open, each either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Habits {
    /// True if creating a group that exists adds to it; else it fails.
    pub merges_created: bool,
    /// True if renaming a group to a name that is taken merges the two; else it fails.
    pub merges_renamed: bool,
    /// True if a call that pins applies its good items although one is bad; else none of them.
    pub pins_partly: bool,
    /// True if deleting a row that is not there succeeds; else it fails.
    pub deletes_absent: bool,
    /// True if a group can be created without members; else it fails.
    pub creates_empty: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            merges_created: true,
            merges_renamed: false,
            pins_partly: false,
            deletes_absent: true,
            creates_empty: true,
        }
    }
}

/// The script of one call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Script {
    /// It is refused, and not applied.
    Refuse(SourceError),
    /// It is applied, and its answer is lost.
    LoseAnswer,
    /// It times out, and is applied when [`ScriptedWriter::deliver`] is called.
    ApplyLater,
    /// It is answered as usual: for a call among others that are scripted.
    Answer,
}

/// A cloud in memory that can be written to; calls can be made to fail.
///
/// ```
/// use conv_model::ConversationId;
/// use conv_sync::{SourceError, WriteCall, testing::{Script, ScriptedWriter}};
///
/// let alice = ConversationId::c2c("alice")?;
/// let cloud = ScriptedWriter::default();
/// cloud.add_row(alice.clone());
/// cloud.script(Script::LoseAnswer);
///
/// let pin = WriteCall::Pin { ids: vec![alice.clone()], is_pinned: true };
/// assert!(matches!(cloud.answer(&pin), Err(SourceError::TimedOut)));
/// assert!(cloud.row(&alice).unwrap().listing.is_pinned);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Debug, Default)]
pub struct ScriptedWriter {
    capabilities: WriteCapabilities,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cloud: Cloud,
    scripts: VecDeque<Script>,
    kind_scripts: BTreeMap<WriteKind, VecDeque<Script>>,
    looks: VecDeque<SourceError>,
    late: Vec<WriteCall>,
    calls: Vec<WriteCall>,
    look_count: usize,
}

impl ScriptedWriter {
    /// A cloud with other capabilities.
    pub fn with_capabilities(capabilities: WriteCapabilities) -> Self {
        Self { capabilities, ..Self::default() }
    }

    /// Sets the choices that the documentation leaves open.
    pub fn set_habits(&self, habits: Habits) {
        self.lock().cloud.habits = habits;
    }

    /// Adds a row whose last message is at [`NOW`](super::NOW).
    pub fn add_row(&self, id: ConversationId) {
        self.lock().cloud.add_row(id, super::NOW);
    }

    /// Adds a message: its row moves, or comes again.
    pub fn add_message(&self, id: &ConversationId, time: Timestamp) {
        self.lock().cloud.add_row(id.clone(), time);
    }

    /// Changes a row or the groups, as another device does. An item that fails, fails here too.
    ///
    /// # Errors
    /// Returns the cloud's answer.
    pub fn change(&self, call: &WriteCall) -> Result<Written, SourceError> {
        self.lock().cloud.apply(call)
    }

    /// Sets what happens to the next call that was not scripted yet, whatever its kind.
    pub fn script(&self, script: Script) {
        self.lock().scripts.push_back(script);
    }

    /// Sets what happens to the next call of a kind that was not scripted yet. Goes before
    /// [`script`](Self::script).
    pub fn script_kind(&self, kind: WriteKind, script: Script) {
        self.lock().kind_scripts.entry(kind).or_default().push_back(script);
    }

    /// Forgets what was scripted and did not happen yet.
    pub fn clear_scripts(&self) {
        let mut inner = self.lock();
        inner.scripts.clear();
        inner.kind_scripts.clear();
        inner.looks.clear();
    }

    /// Makes every item of a conversation fail, until [`mend_item`](Self::mend_item). If the cloud
    /// answers per call, the call fails.
    pub fn fail_item(&self, id: ConversationId, error: SourceError) {
        self.lock().cloud.bad.insert(id, error);
    }

    /// Lets the items of a conversation succeed again, and be named again.
    pub fn mend_item(&self, id: &ConversationId) {
        let mut inner = self.lock();
        inner.cloud.bad.remove(id);
        inner.cloud.unnamed.remove(id);
    }

    /// Leaves a conversation out of answers per item. Its items are applied.
    pub fn leave_out(&self, id: ConversationId) {
        self.lock().cloud.unnamed.insert(id);
    }

    /// Makes the next look fail.
    pub fn fail_look(&self, error: SourceError) {
        self.lock().looks.push_back(error);
    }

    /// Applies the calls that [`Script::ApplyLater`] kept, in their order.
    pub fn deliver(&self) {
        let mut inner = self.lock();
        for call in std::mem::take(&mut inner.late) {
            // The caller no longer gets its answer.
            let _ = inner.cloud.apply(&call);
        }
    }

    /// Answers a call: what [`write`](ConversationWriter::write) does.
    ///
    /// # Errors
    /// As scripted, or as the cloud's limits say.
    pub fn answer(&self, call: &WriteCall) -> Result<Written, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(call.clone());
        let own = inner.kind_scripts.get_mut(&call.kind()).and_then(VecDeque::pop_front);
        match own.or_else(|| inner.scripts.pop_front()) {
            Some(Script::Refuse(error)) => Err(error),
            Some(Script::LoseAnswer) => {
                let _ = inner.cloud.apply(call);
                Err(SourceError::TimedOut)
            }
            Some(Script::ApplyLater) => {
                inner.late.push(call.clone());
                Err(SourceError::TimedOut)
            }
            Some(Script::Answer) | None => inner.cloud.apply(call),
        }
    }

    /// Answers a look: what [`look`](ConversationWriter::look) does.
    ///
    /// # Errors
    /// As scripted.
    pub fn answer_look(&self) -> Result<Groups, SourceError> {
        let mut inner = self.lock();
        inner.look_count += 1;
        match inner.looks.pop_front() {
            Some(error) => Err(error),
            None => Ok(inner.cloud.groups()),
        }
    }

    /// Returns the calls answered so far, oldest first.
    pub fn calls(&self) -> Vec<WriteCall> {
        self.lock().calls.clone()
    }

    /// Returns the number of looks answered so far.
    pub fn looks(&self) -> usize {
        self.lock().look_count
    }

    /// Returns all rows.
    pub fn rows(&self) -> Vec<Conversation> {
        self.lock().cloud.rows.values().cloned().collect()
    }

    /// Returns a row.
    pub fn row(&self, id: &ConversationId) -> Option<Conversation> {
        self.lock().cloud.rows.get(id).cloned()
    }

    /// Returns true if a conversation group exists.
    pub fn has_group(&self, name: &str) -> bool {
        self.lock().cloud.groups.contains(name)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConversationWriter for ScriptedWriter {
    fn write_capabilities(&self) -> WriteCapabilities {
        self.capabilities.clone()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        self.answer(&request.call)
    }

    async fn look(&self, _account: &AccountId) -> Result<Groups, SourceError> {
        self.answer_look()
    }
}
